// docs/proof.md, from the tables of this folder.

import type { Table } from "./table.ts";

const HEAD = `# What is promised, and what proves it

Each line below is a claim about the online endpoint and the model gateway. Beside it stand the tests that fail when the behaviour
is taken out of the source. How it is taken out stands in the tables of \`test/mutation/\`; this makes every edit in a copy of the
project, one at a time, and runs its tests, which must fail:

\`\`\`
npm run mutation
npm run mutation -- routing --jobs 2
\`\`\`

A word after \`--\` keeps the claims, files and tests that contain it. This page is generated from the tables (\`npm run docs\`).
`;

/** The page as Markdown; tables of one point stand under one heading. */
export function proofPage(tables: readonly Table[]): string {
  const sections = tables.map(({ point, claims }, index) => {
    const heading = tables[index - 1]?.point === point ? "" : `\n## ${point}\n\n| claim | tests |\n| --- | --- |\n`;
    return heading + claims.map((claim) => row(claim)).join("");
  });
  return HEAD + sections.join("");
}

function row({ claim, mutations }: Table["claims"][number]): string {
  const tests = new Set(mutations.flatMap(({ test }) => test));
  const links = [...tests].map((file) => `[${file.replace(/^test\/|\.test\.ts$/g, "")}](../${file})`);
  return `| ${claim.replaceAll("|", "\\|")} | ${links.join(", ")} |\n`;
}
