#!/usr/bin/env node
// The command line. Each command is one file here; errors end with one clear message and exit code 1.

import "./compile-cache.ts";
import { terminal } from "./console.ts";
import { watchOutputs } from "./output-fault.ts";
import { runProgram } from "./program.ts";

watchOutputs(process.stdout, process.stderr, () => (process.exitCode = 1));
const code = await runProgram(process.argv.slice(2), terminal());
if (code !== 0) {
  process.exitCode = code;
  // Whatever a failed command left open must not keep a terminal waiting.
  setTimeout(() => process.exit(), 2_000).unref();
}
