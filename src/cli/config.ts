import path from "node:path";
import { Command } from "commander";
import { stringifyJson } from "../base/json.ts";
import { makeStateFolder } from "../store/state-folder.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, ownConfigOf, withHome } from "./option.ts";
import { pairs } from "./pair.ts";
import { PF_SETTINGS, readPfSettings, writePfSetting } from "./pf-settings.ts";

interface SetOptions extends HomeOptions {
  path?: string;
  json?: boolean;
}

export function configCommand(console: Console): Command {
  const config = new Command("config");
  withHome(config.command("set"))
    .description("change settings, in pf.yaml of the state folder")
    .argument("<setting...>", "name=value")
    .option("--path <folder>", "in pf.yaml of this folder: for work in it and below it, and stronger")
    .option("--json", "print the settings as JSON")
    .addHelpText("after", HELP)
    .action((words: string[], options: SetOptions) => setAll(words, options, console));
  withHome(config.command("show"))
    .description("print the settings that count in this folder, as JSON")
    .option("--json", "accepted for scripts; it is JSON in any case")
    .action((options: HomeOptions) => {
      console.print(stringifyJson(readPfSettings(ownConfigOf(options).config.home).written, 4));
    });
  return config;
}

async function setAll(words: readonly string[], options: SetOptions, console: Console): Promise<void> {
  const { home } = ownConfigOf(options).config;
  if (options.path === undefined) await makeStateFolder(home);
  const folder = options.path === undefined ? home : path.resolve(options.path);
  for (const [name, value] of Object.entries(pairs(words))) {
    await writePfSetting(folder, name, value);
    if (!Object.hasOwn(PF_SETTINGS, name)) console.say(`warning: "${name}" has no meaning here. ${meant(name)}`);
    if (!options.json) console.print(`Set config [{'${name}': '${value}'}] successfully.`);
  }
  if (options.json) console.print(stringifyJson(readPfSettings(home).written, 4));
}

/** The original keeps whatever it is given, and its scripts go on. */
function meant(name: string): string {
  const names = Object.keys(PF_SETTINGS);
  const [group, ...rest] = name.split(".");
  const near = names.find((known) => known.startsWith(`${group}.`) || known.endsWith(`.${rest.at(-1) ?? group}`));
  return near === undefined ? `Settings are: ${names.join(", ")}.` : `Did you mean ${near}?`;
}

const HELP = `
Settings:
${Object.entries(PF_SETTINGS)
  .map(([name, meaning]) => `  ${name.padEnd(26)}${meaning}`)
  .join("\n")}

Examples:
  flowstead config set run.output_path='\${flow_directory}/.runs'
  flowstead config set run.output_path=results --path my-flows
  flowstead config show
`;
