#!/usr/bin/env node
// The command line. Each command is one file here; errors end with one clear message and exit code 1.

import "./compile-cache.ts";
import { Command, CommanderError } from "commander";
import { FlowsteadError } from "../base/error/error.ts";
import { version } from "../base/version.ts";
import { type Console, explain, explainMore, terminal } from "./console.ts";

type MakeCommand = (console: Console) => Command;

// Loaded when asked for: most commands need little, and `up` needs everything.
const COMMANDS: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  up: async () => (await import("./up.ts")).upCommand,
  index: async () => (await import("./index-command.ts")).indexCommand,
  flow: async () => (await import("./flow.ts")).flowCommand,
  run: async () => (await import("./run.ts")).runCommand,
  "online-endpoint": async () => (await import("./endpoint.ts")).endpointCommand,
  "online-deployment": async () => (await import("./online-deployment.ts")).deploymentCommand,
  config: async () => (await import("./config.ts")).configCommand,
  connection: async () => (await import("./connection.ts")).connectionCommand,
  zone: async () => (await import("./zone.ts")).zoneCommand,
  tool: async () => (await import("./tool.ts")).toolCommand,
  gateway: async () => (await import("./gateway.ts")).gatewayCommand,
  usage: async () => (await import("./usage.ts")).usageCommand,
  dev: async () => (await import("./dev.ts")).devCommand,
};

const console = terminal();
const startedAt = performance.now();
/** What the command that runs was told about telling. */
let asked: { verbose?: boolean; debug?: boolean } = {};
const program = new Command("flowstead")
  .description("A self-hostable home for prompt flows and enterprise chat.")
  .version(version(), "-v, --version")
  .showHelpAfterError("(add --help for help)")
  .showSuggestionAfterError()
  .exitOverride()
  .hook("preAction", (_program, command) => {
    asked = command.opts<typeof asked>();
  });

const word = process.argv[2] ?? "";
const wanted = Object.hasOwn(COMMANDS, word) ? [word] : Object.keys(COMMANDS);
for (const name of wanted) {
  const make = await COMMANDS[name]?.();
  if (make) program.addCommand(make(console));
}
for (const command of program.commands) inherit(command);

try {
  await program.parseAsync();
  if (asked.verbose || asked.debug)
    console.say(`Command ran in ${((performance.now() - startedAt) / 1000).toFixed(3)} seconds.`);
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode;
  else {
    console.say(`Error: ${explain(thrown)}`);
    if (asked.debug) console.say(explainMore(thrown));
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
