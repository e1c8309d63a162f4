// Options that several commands share, and how they become a configuration.

import { existsSync } from "node:fs";
import path from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { STATE_FOLDER, userHome } from "../config/folder.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";

export interface HomeOptions {
  home?: string;
  config?: string;
}

const HOME =
  "state folder (default: FLOWSTEAD_HOME, else .flowstead here; for flows, runs and connections also in a folder above, else in your home folder)";

export function withHome(command: Command): Command {
  return command
    .option("--home <folder>", HOME)
    .option("--config <file>", "configuration file (default: flowstead.yaml, if there is one)", configFile)
    .option("--verbose", "tell more of what goes on")
    .option("-d, --debug", "tell what helps to find a fault: codes, details and causes of errors")
    .addOption(new Option("--user-agent <text>", "accepted for scripts").hideHelp());
}

// Commander takes an option without a value for an empty text.
const NO_FILE = "";

/** The original's `--config` takes settings for one command: those that hold here in any case are passed over. */
function configFile(text: string): string {
  if (text === "") throw new InvalidArgumentError("Give a file.");
  const [, name, value = ""] = /^"?([\w.]+)=(.*?)"?$/.exec(text) ?? [];
  if (name === undefined) return text;
  if (/^(connection\.provider=local|trace\.destination=(none|local)|telemetry\..*)$/.test(`${name}=${value}`))
    return NO_FILE;
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
  const file = options.config || undefined;
  return loadConfig({ env: process.env, file, overrides: { home: options.home, ...overrides } });
}

/**
 * For the original's commands, whose scripts go from folder to folder: the state folder is that of this folder or of one above
 * it, else the person's own. Whoever has no model of a system may have variables for those of flows.
 */
export function ownConfigOf({ home, config: file }: HomeOptions): LoadedConfig {
  const usualHome = nearest(STATE_FOLDER) ?? (process.env.PF_HOME_DIRECTORY || userHome());
  const overrides = { home };
  return loadConfig({ env: process.env, file: file || undefined, overrides, usualHome, halfModelIsFine: true });
}

/** The file or folder of this name in the working folder, or in the nearest one above. */
export function nearest(name: string, folder = process.cwd()): string | undefined {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = path.join(at, name);
    if (existsSync(found)) return found;
    if (path.dirname(at) === at) return undefined;
  }
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

export const SOURCE =
  "folder of the flow, its flow.dag.yaml or flow.flex.yaml, a .prompty file, or Python's module:function";
export const ENVIRONMENT =
  "name=value, in place of the flow's own, or a file .env; without a word, the .env of this folder or above";

/** For numbers of things. */
export function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("Give a whole number from 1.");
  return number;
}
