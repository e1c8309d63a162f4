// The tree of commands over one console, so that it runs in a terminal's process and in any other.

import { Command, CommanderError } from "commander";
import { FlowsteadError } from "../base/error/error.ts";
import { stringifyJson } from "../base/json.ts";
import { version } from "../base/version.ts";
import { fullFlags } from "./abbreviation.ts";
import { addCommands } from "./command.ts";
import { type Console, explain, explainMore } from "./console.ts";
import { exitCodeOf } from "./interrupt.ts";
import { idleFlags } from "./option.ts";

/** What the original and most programs give for words that they do not know; 1 is for what goes wrong later. */
const WRONG_WORDS = 2;
/** Runs the command that the words name; errors become one clear message. @returns the exit code; servers may still run. */
export async function runProgram(words: readonly string[], console: Console): Promise<number> {
  const startedAt = performance.now();
  const isForPrograms = words.includes("--json");
  /** What the command that runs was told about telling. */
  let asked: { verbose?: boolean; debug?: boolean } = {};
  const program = new Command("flowstead")
    .description("A self-hostable home for prompt flows and enterprise chat.")
    .version(version(), "-v, --version")
    .showHelpAfterError("(add --help for help)")
    .showSuggestionAfterError()
    .configureOutput({
      getOutHelpWidth: () => console.width,
      getErrHelpWidth: () => console.width,
      writeOut: (text) => console.print(withoutLineEnd(text)),
      writeErr: (text) => isForPrograms || console.say(withoutLineEnd(text)),
    })
    .exitOverride()
    .hook("preAction", (_program, command) => {
      asked = command.opts<typeof asked>();
      for (const flag of idleFlags(command)) console.say(`note: ${flag} has no meaning here; it is passed over`);
    });
  // `help flow` tells what `flow --help` tells.
  await addCommands(program, new Set(words[0] === "help" ? words.slice(1) : words.slice(0, 1)), console);
  for (const command of program.commands) inherit(command, program);
  try {
    await program.parseAsync(asksForHelp(program, words) ? [...words, "--help"] : fullFlags(program, words), {
      from: "user",
    });
    if (asked.verbose || asked.debug)
      console.say(`Command ran in ${((performance.now() - startedAt) / 1000).toFixed(3)} seconds.`);
    return console.hasFailed ? 1 : 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0;
      const message = thrown.message.replace(/^error: /, "");
      if (isForPrograms) console.say(asJson(new FlowsteadError("UsageError", message)));
      return WRONG_WORDS;
    }
    console.say(isForPrograms ? asJson(FlowsteadError.from(thrown)) : `Error: ${explain(thrown)}`);
    if (asked.debug) console.say(explainMore(thrown));
    const { code, details } = FlowsteadError.from(thrown);
    return code === "Canceled" ? exitCodeOf(details?.["signal"] === "SIGTERM" ? "SIGTERM" : "SIGINT") : 1;
  }
}

/** What went wrong, in one line, for whoever asked for JSON. */
function asJson({ code, message, details }: FlowsteadError): string {
  return stringifyJson({ error: { code, message, ...(details ? { details } : {}) } });
}

/** Whoever names a group of commands alone asks what is in it, as in the original. */
function asksForHelp(program: Command, [name, ...rest]: readonly string[]): boolean {
  const group = name === undefined ? program : program.commands.find((command) => command.name() === name);
  return rest.length === 0 && (group?.commands.length ?? 0) > 0;
}

/** Subcommands take over how the program reports wrong words. */
function inherit(command: Command, program: Command): void {
  command.copyInheritedSettings(program);
  for (const sub of command.commands) inherit(sub, program);
}

function withoutLineEnd(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
