// Options that several commands share, and how they become a configuration.

import { type Command, InvalidArgumentError } from "commander";
import { type LoadedConfig, loadConfig } from "../config/load.ts";

export interface HomeOptions {
  home?: string;
  config?: string;
}

export function withHome(command: Command): Command {
  return command
    .option("--home <folder>", "state folder (default: .flowstead, or FLOWSTEAD_HOME)")
    .option("--config <file>", "configuration file (default: flowstead.yaml, if there is one)");
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
