#!/usr/bin/env node
// The command line. Each command is one file here; errors end with one clear message and exit code 1.

import { Command, CommanderError } from "commander";
import { FlowsteadError } from "../base/error/error.ts";
import { version } from "../base/version.ts";
import { explain, terminal } from "./console.ts";
import { connectionCommand } from "./connection.ts";
import { devCommand } from "./dev.ts";
import { endpointCommand } from "./endpoint.ts";
import { flowCommand } from "./flow.ts";
import { indexCommand } from "./index-command.ts";
import { runCommand } from "./run.ts";
import { toolCommand } from "./tool.ts";
import { upCommand } from "./up.ts";

const console = terminal();
const program = new Command("flowstead")
  .description("A self-hostable home for prompt flows and enterprise chat.")
  .version(version(), "-v, --version")
  .showHelpAfterError("(add --help for help)")
  .showSuggestionAfterError()
  .exitOverride();

for (const command of [
  upCommand,
  indexCommand,
  flowCommand,
  runCommand,
  endpointCommand,
  connectionCommand,
  toolCommand,
  devCommand,
])
  program.addCommand(command(console));
for (const command of program.commands) inherit(command);

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode;
  else {
    console.say(`Error: ${explain(thrown)}`);
    // 130 is what shells give for a program that Ctrl-C ended.
    process.exitCode = FlowsteadError.from(thrown).code === "Canceled" ? 130 : 1;
    // Whatever a failed command left open must not keep a terminal waiting.
    setTimeout(() => process.exit(), 2_000).unref();
  }
}

/** Subcommands take over how the program reports wrong words. */
function inherit(command: Command): void {
  command.copyInheritedSettings(program);
  for (const sub of command.commands) inherit(sub);
}
