// `flow venv`: a flow's own Python, from its requirements. Nothing else makes or changes one.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { parseYaml } from "../../base/yaml.ts";
import { locateFlow } from "../../flow/locate.ts";
import { makeVirtualEnvironment } from "../../python/virtual-environment.ts";
import type { Console } from "../console.ts";
import { type HomeOptions, ownConfigOf } from "../option.ts";

interface FlowVenvOptions extends HomeOptions {
  flow: string;
  python: string;
  requirements?: string;
  findLinks?: string;
  clear?: boolean;
  json?: boolean;
}

export async function flowVenv(options: FlowVenvOptions, console: Console): Promise<void> {
  const { directory, file } = locateFlow(options.flow);
  const { config, env } = ownConfigOf(options);
  const requirements = requirementsOf(options.requirements, directory, file);
  const { python, made, installed } = await makeVirtualEnvironment({
    directory,
    interpreter: /[\\/]/.test(options.python) ? path.resolve(options.python) : options.python,
    requirements,
    findLinks: options.findLinks === undefined ? undefined : path.resolve(options.findLinks),
    clear: options.clear ?? false,
    env,
    onProgress: (line) => console.progress(line),
  });
  console.settle();
  if (options.json) {
    return console.print(stringifyJson({ python, made, requirements: requirements ?? null, installed }, 4));
  }
  if (requirements === undefined) console.say(`note: ${directory} has no requirements.txt: the environment is empty`);
  if (config.python !== undefined)
    console.say(`warning: the configuration's \`python: ${config.python}\` is used by all flows, in place of this one`);
  const packages = requirements === undefined ? "" : ` ${installed.length} package(s) installed.`;
  console.say(`${made ? "Made" : "Kept"} ${path.join(directory, ".venv")}.${packages} The flow's Python:`);
  console.print(python);
}

/** The file that is named, that the flow names, or `requirements.txt`. @throws FlowsteadError `UsageError`. */
function requirementsOf(named: string | undefined, directory: string, file: string): string | undefined {
  const written = file.endsWith(".prompty")
    ? undefined
    : parseYaml(readFileSync(file, "utf8"), file).document.getIn(["environment", "python_requirements_txt"]);
  const chosen =
    named === undefined
      ? path.join(directory, typeof written === "string" ? written : "requirements.txt")
      : path.resolve(named);
  if (existsSync(chosen)) return chosen;
  if (named === undefined && typeof written !== "string") return undefined;
  throw new FlowsteadError("UsageError", `There is no requirements file ${chosen}.`);
}
