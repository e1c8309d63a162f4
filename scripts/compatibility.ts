// Writes docs/compatibility.md from the report of `npm run compatibility -- --upstream DIR --report FILE`:
//
//   node --import tsx scripts/compatibility.ts REPORT

import { readFileSync, writeFileSync } from "node:fs";
import { format } from "node:util";
import type { ReportEntry } from "../test/compatibility/main.ts";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Usage: node --import tsx scripts/compatibility.ts REPORT");
  process.exit(2);
}
const report = JSON.parse(readFileSync(file, "utf8")) as ReportEntry[];
const count = (result: ReportEntry["result"]): number => report.filter((entry) => entry.result === result).length;

const HEAD = `# Compatibility

The example flows of [microsoft/promptflow](https://github.com/microsoft/promptflow), run with their files unchanged from a
checkout. Their models are the fake model server (\`flowstead dev fake-model\`), which answers what the flow's next node can read; web pages
and pictures come from this machine. A flow passes when \`flow test\` ends well, or when every line of its batch run and its
aggregation do. Packages that a flow's \`requirements.txt\` asks for come from PyPI, but for \`promptflow\` and
\`promptflow-tools\`, whose place Flowstead's own \`promptflow\` package takes. Where a flow is delivered with blanks, they are
filled with \`--connections\`; where the newest version of a package has dropped what a flow imports, an older one is taken.

This page is generated from a report:

\`\`\`
npm run compatibility -- --upstream DIR --report report.json
node --import tsx scripts/compatibility.ts report.json
\`\`\`

**%d pass, %d fail, %d were not run, each for the reason in its row.**

| flow | kind | made of | packages | result |
| --- | --- | --- | --- | --- |
`;

const DIFFERENCES = `
## Where a run differs on purpose

- **Rows keep their values.** The original puts rows into a table of pandas: a column that a row does not have becomes \`NaN\`, and integers
  beside a missing value become floats (\`3\` is \`3.0\`). Here a missing column leaves its input out, whose default counts, or the line fails
  alone with \`InputNotFound\`; integers stay integers.
- **A failing \`__aggregate__\` is told.** The original ends such a run without a word and without metrics; here the run's errors name it.
- **A mapping of one entry whose key is no text**, such as \`{1: a}\`, may be the literal of a node; the original refuses it as a broken image.
- **Dates** of a flow's YAML are \`datetime.date\` and \`datetime.datetime\` to Python nodes and templates, as in the original, and texts in ISO's
  notation to TypeScript and JavaScript nodes.
`;

const rows = report.map(({ name, kind, construction, packages, result, how, reason }) => {
  const told = result === "pass" ? `pass (${how})` : `${result}: ${reason}`;
  return `| ${[`\`${name.replace(/^examples\//, "")}\``, kind, construction, packages.join(", "), told].map(cell).join(" | ")} |`;
});
writeFileSync(
  "docs/compatibility.md",
  format(HEAD, count("pass"), count("fail"), count("not run")) + rows.map((row) => `${row}\n`).join("") + DIFFERENCES,
);

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
