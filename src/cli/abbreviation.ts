// Long flags cut short, as the original's scripts write them: `--env` for `--environment-variables`, `--name` for `--names`.

import type { Command } from "commander";

/** The words with every long flag in full that begins the name of one option only; others stay as they are. */
export function fullFlags(program: Command, words: readonly string[]): string[] {
  const command = named(program, words);
  const end = words.indexOf("--");
  return words.map((word, index) => {
    if (!/^--[a-z]/i.test(word) || (end >= 0 && index > end)) return word;
    const [flag = word] = word.split("=", 1);
    return fullFlag(command, flag) + word.slice(flag.length);
  });
}

function fullFlag(command: Command, flag: string): string {
  const all = command.createHelp().visibleOptions(command).concat(command.options);
  if (flag === "--version" || all.some(({ long }) => long === flag)) return flag;
  const begun = [...new Set(all)].filter(({ long }) => long?.startsWith(flag));
  // Those that are only there for old scripts do not make a short form unclear.
  const shown = begun.filter(({ hidden }) => !hidden);
  const names = [...new Set((shown.length > 0 ? shown : begun).map(({ long = flag }) => long))];
  if (names.length > 1) {
    command.error(`error: ambiguous option '${flag}': it could be ${names.join(", ")}`, {
      code: "commander.unknownOption",
    });
  }
  return names[0] ?? flag;
}

/** The command that the first words name. */
function named(command: Command, [word, ...rest]: readonly string[]): Command {
  const found = command.commands.find((one) => one.name() === word);
  return found ? named(found, rest) : command;
}
