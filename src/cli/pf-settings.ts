// Settings of `config set`, in the original's file `pf.yaml`: one in the state folder, and one in a working folder or above
// it, which wins. What a person wrote into the file stays as it is.

import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type ValueMap, isMap, pyStr } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import { setInYaml } from "../flow/document.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { nearest } from "./option.ts";

export const PF_FILE = "pf.yaml";

/** What each setting means here, by its name. */
export const PF_SETTINGS: Readonly<Record<string, string>> = {
  "run.output_path": "folder in which runs are made; ${flow_directory} stands for the flow's",
  "connection.provider": "`local`: connections are those of the state folder and of flowstead.yaml",
  "trace.destination": "`none` or `local`; exports are configured in flowstead.yaml",
  "telemetry.enabled": "nothing is ever sent, whatever it says",
  "service.host": "kept for the original; `up --host` names the address here",
  user_agent: "kept for the original",
  enable_internal_features: "kept for the original",
};

export interface PfSettings {
  /** By name with dots. */
  settings: Record<string, string>;
  /** Nested as in the file. */
  written: ValueMap;
}

/** @throws FlowsteadError `InvalidYaml`, `InvalidConfig`. */
export function readPfSettings(home: string, folder = process.cwd()): PfSettings {
  const files = [path.join(home, PF_FILE), nearest(PF_FILE, folder)].filter((file) => file !== undefined);
  const written = files.map(readFile).reduce((all, one) => merged(all, one), {});
  return { written, settings: flat(written) };
}

/** Changes one setting in the file of a folder. @throws FlowsteadError `UsageError`. */
export async function writePfSetting(folder: string, name: string, value: string): Promise<void> {
  checkSetting(name, value);
  const file = path.join(folder, PF_FILE);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (text !== "") readFile(file);
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(file, setInYaml(text, name.split("."), value), 0o600);
}

/** @throws FlowsteadError `UsageError` for a value that cannot be had here. */
function checkSetting(name: string, value: string): void {
  const wrong = (why: string): FlowsteadError =>
    new FlowsteadError("UsageError", `Invalid config value '${value}' for '${name}': ${why}`);
  if (name === "run.output_path" && value.replace(/\/+$/, "").endsWith("${flow_directory}")) {
    throw wrong(
      "Cannot specify flow directory as run output path; if you want to specify run output path under flow directory, please use its child folder, e.g. '${flow_directory}/.runs'.",
    );
  }
  if (name === "connection.provider" && value !== "local")
    throw wrong("connections of a workspace cannot be read; `local` is what there is.");
  if (name === "trace.destination" && value !== "none" && value !== "local")
    throw wrong("a workspace cannot be written to; `none` and `local` are what there is.");
}

function readFile(file: string): ValueMap {
  if (!existsSync(file)) return {};
  const { value } = parseYaml(readFileSync(file, "utf8"), file);
  if (isMap(value)) return value;
  if (value === null) return {};
  throw new FlowsteadError("InvalidConfig", `${file} does not hold settings by name.`);
}

/** Both, key by key at any depth; the other wins. */
export function merged(one: ValueMap, other: ValueMap): ValueMap {
  const result = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = result[key] ?? null;
    result[key] = isMap(before) && isMap(value) ? merged(before, value) : value;
  }
  return result;
}

function flat(values: ValueMap, prefix = ""): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      isMap(value) ? Object.entries(flat(value, `${prefix}${key}.`)) : [[prefix + key, pyStr(value)] as const],
    ),
  );
}
