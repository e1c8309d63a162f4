// How tests start programs of ours in a process of their own.

import path from "node:path";

/** `npm test` compiles sources and tests into build/, since loading TypeScript costs every process a second. */
const COMPILED = import.meta.url.endsWith(".js");

/** Arguments for Node that run a source file of ours, whose path begins at the root of the project; from any folder. */
export function sourceFile(file: string): string[] {
  if (COMPILED) return [path.resolve("build", file.replace(/\.ts$/, ".js"))];
  return ["--import", import.meta.resolve("tsx"), path.resolve(file)];
}

/** Arguments for Node that start the command line: as it is installed where there is a build, else from source. */
export const CLI: readonly string[] = COMPILED ? [path.resolve("dist/cli/main.js")] : sourceFile("src/cli/main.ts");
