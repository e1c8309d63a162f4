// `flow save`: a function or class of Python becomes a flex flow.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Document } from "yaml";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { setInYaml } from "../../flow/document.ts";
import { isEntry } from "../../flow/locate.ts";
import { isWithin } from "../../registry/flow-bundle.ts";
import { isLeftOut } from "../../registry/flow-place.ts";
import { writeFileAtomic } from "../../store/atomic-file.ts";
import type { Console } from "../console.ts";
import { type DescribedEntry, declared, describeEntry } from "./entry-signature.ts";
import { type HomeOptions, commandName } from "../option.ts";

export interface FlowSaveOptions extends HomeOptions {
  entry: string;
  code?: string;
  path?: string;
  json?: boolean;
}

const FILE = "flow.flex.yaml";

export async function flowSave(
  { entry, code = ".", json, ...options }: FlowSaveOptions,
  console: Console,
): Promise<void> {
  if (!isEntry(entry))
    throw new FlowsteadError("UsageError", `Invalid entry '${entry}'. Write it as module:function or module:Class.`);
  if (!existsSync(code)) throw new FlowsteadError("UsageError", `There is no code at ${code}.`);
  const isFile = !statSync(code).isDirectory();
  const folder = path.resolve(isFile ? path.dirname(code) : code);
  const target = path.resolve(options.path ?? folder);
  if (target !== folder) checkTarget(target);
  const signature = await describeEntry(entry, folder, options);
  await mkdir(target, { recursive: true });
  if (target !== folder) {
    if (isFile) await copyFile(code, path.join(target, path.basename(code)));
    else await copyCode(folder, target);
  }
  const file = path.join(target, FILE);
  await writeFileAtomic(file, flexYaml(entry, signature, existsSync(file) ? readFileSync(file, "utf8") : undefined));
  if (json) return console.print(stringifyJson({ flow: target, file, entry }, 4));
  console.say(`Wrote ${file}. Next:`);
  console.print(`${commandName()} flow test --flow ${options.path ?? code}`);
}

/** The flow may stand within its code, which then is copied without it, by way of another folder. */
async function copyCode(folder: string, target: string): Promise<void> {
  const filter = (from: string): boolean => from !== target && !isLeftOut(path.basename(from));
  if (!isWithin(target, folder)) return cp(folder, target, { recursive: true, filter });
  const between = await mkdtemp(path.join(tmpdir(), "flow-save-"));
  try {
    await cp(folder, between, { recursive: true, filter });
    await cp(between, target, { recursive: true });
  } finally {
    await rm(between, { recursive: true });
  }
}

function checkTarget(target: string): void {
  if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0))
    throw new FlowsteadError("UsageError", `${target} is not empty. Name a new or empty folder with --path.`);
}

/** A file that is there keeps everything but its entry and its signature. */
function flexYaml(entry: string, { inputs, init, outputs }: DescribedEntry, before: string | undefined): string {
  const types = outputs && Object.fromEntries(Object.entries(outputs).map(([name, type]) => [name, { type }]));
  const parts: [string, object | null][] = [
    ["init", init && declared(init)],
    ["inputs", declared(inputs)],
    ["outputs", types],
  ];
  const full = parts.filter(([, part]) => part !== null && Object.keys(part).length > 0);
  if (before === undefined) return new Document({ entry, ...Object.fromEntries(full) }).toString({ lineWidth: 0 });
  const known = full.reduce((text, [key, part]) => setInYaml(text, [key], part), before);
  return setInYaml(known, ["entry"], entry);
}
