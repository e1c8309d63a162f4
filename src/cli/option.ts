// Options that several commands share, and how they become a configuration.

import { type Command, InvalidArgumentError, Option } from "commander";
import { type LoadedConfig, loadConfig } from "../config/load.ts";

export interface HomeOptions {
  home?: string;
  config?: string;
}

export function withHome(command: Command): Command {
  return command
    .option("--home <folder>", "state folder (default: .flowstead, or FLOWSTEAD_HOME)")
    .option("--config <file>", "configuration file (default: flowstead.yaml, if there is one)", configFile)
    .option("--verbose", "tell more of what goes on")
    .option("-d, --debug", "tell what helps to find a fault: codes, details and causes of errors")
    .addOption(new Option("--user-agent <text>", "accepted for scripts").hideHelp());
}

/** The original's `--config` takes settings; here they have a command of their own. */
function configFile(text: string): string {
  if (!/^[\w.]+=/.test(text)) return text;
  throw new InvalidArgumentError(`Give a file. Settings are set with "flowstead config set ${text}".`);
}

/** `--yes` and the original's other word for it, both as `yes`. */
export function withYes(command: Command, meaning: string): Command {
  return command
    .option("-y, --yes", meaning)
    .addOption(new Option("--assume-yes", "the same").implies({ yes: true }).hideHelp());
}

/** Flags of the original that scripts carry along and that have no meaning here. */
export function withAccepted(command: Command, ...flags: string[]): Command {
  for (const flag of flags) command.addOption(new Option(flag, NO_MEANING).hideHelp());
  return command;
}

const NO_MEANING = "accepted for scripts; it has no meaning here";

/** The flags of the original that somebody gave to a command, and that have no meaning here. */
export function idleFlags(command: Command): string[] {
  return command.options
    .filter(({ description }) => description === NO_MEANING)
    .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
    .map(({ long, flags }) => long ?? flags);
}

export function configOf(options: HomeOptions, overrides: { port?: number; host?: string } = {}): LoadedConfig {
  return loadConfig({ env: process.env, file: options.config, overrides: { home: options.home, ...overrides } });
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("Give a number from 0 to 65535.");
  return port;
}

/** How a person who started this process calls the next command: through npm in a clone, by name when installed. */
export function commandName(): string {
  return process.env.npm_lifecycle_event === undefined ? "flowstead" : "npm run -s flowstead --";
}

export const ENVIRONMENT =
  "name=value, in place of the flow's own, or a file .env; without a word, the .env of this folder or above";

/** For numbers of things. */
export function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("Give a whole number from 1.");
  return number;
}
