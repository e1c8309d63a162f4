// Commands of the command line in the test's own process: what they print and their exit code, without a start of Node.

import { terminal } from "../../src/cli/console.ts";
import { runProgram } from "../../src/cli/program.ts";
import { type CommandResult, environment } from "../e2e/system.ts";

// The machine's own keys must not matter, as in processes that tests start.
const kept = environment();
for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];

/** Runs one command to its end. */
export async function runHere(words: string[]): Promise<CommandResult> {
  let stdout = "";
  let stderr = "";
  const console = terminal({ write: (text) => (stdout += text) }, { write: (text) => (stderr += text) });
  const code = await runProgram(words, console);
  console.settle();
  return { code, stdout, stderr };
}
