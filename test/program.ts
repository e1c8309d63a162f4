// How tests start programs of ours in a process of their own.

import path from "node:path";
import { pathToFileURL } from "node:url";

/** `npm test` compiles sources and tests into build/, since loading TypeScript costs every process a second. */
export const COMPILED = import.meta.url.endsWith(".js");

/** Arguments for Node without which it cannot read what `sourceFile` and `sourceModule` name. */
const LOADER = COMPILED ? [] : ["--import", import.meta.resolve("tsx")];

/** Arguments for Node that run a source file of ours, whose path begins at the root of the project; from any folder. */
export function sourceFile(file: string): string[] {
  return [...LOADER, place(file)];
}

/** Arguments for Node that run code in place of a file; it imports sources of ours from where `sourceModule` says. */
export function code(text: string): string[] {
  return [...LOADER, "--input-type=module", "--eval", text];
}

export function sourceModule(file: string): string {
  return pathToFileURL(place(file)).href;
}

function place(file: string): string {
  return COMPILED ? path.resolve("build", file.replace(/\.ts$/, ".js")) : path.resolve(file);
}

/** Arguments for Node that start the command line: as it is installed where there is a build, else from source. */
export const CLI: readonly string[] = COMPILED ? [path.resolve("dist/cli/main.js")] : sourceFile("src/cli/main.ts");
