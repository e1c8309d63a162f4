// The tree of commands over one console, so that it runs in a terminal's process and in any other.

import { Command, CommanderError } from "commander";
import { FlowsteadError } from "../base/error/error.ts";
import { version } from "../base/version.ts";
import { type Console, explain, explainMore } from "./console.ts";
import { idleFlags } from "./option.ts";

type MakeCommand = (console: Console) => Command;

// Loaded when asked for: most commands need little, and `up` needs everything.
const COMMANDS: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  up: async () => (await import("./up.ts")).upCommand,
  index: async () => (await import("./index/command.ts")).indexCommand,
  flow: async () => (await import("./flow/command.ts")).flowCommand,
  run: async () => (await import("./run/command.ts")).runCommand,
  "online-endpoint": async () => (await import("./online/endpoint.ts")).endpointCommand,
  "online-deployment": async () => (await import("./online/deployment.ts")).deploymentCommand,
  config: async () => (await import("./config.ts")).configCommand,
  connection: async () => (await import("./connection.ts")).connectionCommand,
  zone: async () => (await import("./zone.ts")).zoneCommand,
  tool: async () => (await import("./tool/command.ts")).toolCommand,
  gateway: async () => (await import("./gateway.ts")).gatewayCommand,
  usage: async () => (await import("./usage.ts")).usageCommand,
  dev: async () => (await import("./dev.ts")).devCommand,
  service: async () => (await import("./needless.ts")).serviceCommand,
  trace: async () => (await import("./needless.ts")).traceCommand,
  upgrade: async () => (await import("./needless.ts")).upgradeCommand,
  pfazure: async () => (await import("./needless.ts")).azureCommand,
};
/** There for scripts of the original; help leaves them out. */
const NEEDLESS = new Set(["service", "trace", "upgrade", "pfazure"]);

/** What shells give for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Runs the command that the words name; errors become one clear message. @returns the exit code; servers may still run. */
export async function runProgram(words: readonly string[], console: Console): Promise<number> {
  const startedAt = performance.now();
  /** What the command that runs was told about telling. */
  let asked: { verbose?: boolean; debug?: boolean } = {};
  const program = new Command("flowstead")
    .description("A self-hostable home for prompt flows and enterprise chat.")
    .version(version(), "-v, --version")
    .showHelpAfterError("(add --help for help)")
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => console.print(withoutLineEnd(text)),
      writeErr: (text) => console.say(withoutLineEnd(text)),
    })
    .exitOverride()
    .hook("preAction", (_program, command) => {
      asked = command.opts<typeof asked>();
      for (const flag of idleFlags(command)) console.say(`note: ${flag} has no meaning here; it is passed over`);
    });
  const [word = ""] = words;
  for (const name of namesFor(word)) {
    const make = await COMMANDS[name]?.();
    if (make) program.addCommand(make(console), { hidden: NEEDLESS.has(name) });
  }
  for (const command of program.commands) inherit(command, program);
  try {
    await program.parseAsync(words, { from: "user" });
    if (asked.verbose || asked.debug)
      console.say(`Command ran in ${((performance.now() - startedAt) / 1000).toFixed(3)} seconds.`);
    return console.hasFailed ? 1 : 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode;
    console.say(`Error: ${explain(thrown)}`);
    if (asked.debug) console.say(explainMore(thrown));
    return FlowsteadError.from(thrown).code === "Canceled" ? INTERRUPTED : 1;
  }
}

/** The commands that have to be loaded: for help, and to suggest another word, all of them. */
function namesFor(word: string): string[] {
  if (word === "-v" || word === "--version") return [];
  return Object.hasOwn(COMMANDS, word) ? [word] : Object.keys(COMMANDS);
}

/** Subcommands take over how the program reports wrong words. */
function inherit(command: Command, program: Command): void {
  command.copyInheritedSettings(program);
  for (const sub of command.commands) inherit(sub, program);
}

function withoutLineEnd(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
