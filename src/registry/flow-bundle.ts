// A flow as one folder that needs nothing beside it: includes merged in, variants decided. The same flow gives the same bytes.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { isMap as isYamlMap } from "yaml";
import { FlowsteadError } from "../base/error/error.ts";
import { isMap } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import type { FlowDefinition } from "../flow/definition.ts";
import { mergeIncludes } from "../flow/include.ts";
import { loadFlow } from "../flow/load.ts";
import { applyVariants } from "../flow/variant.ts";
import { isLeftOut } from "./flow-place.ts";

export interface FlowBundle {
  /** With forward slashes, sorted. */
  files: ReadonlyMap<string, Uint8Array>;
  /** The flow as it is in the bundle. */
  definition: FlowDefinition;
  environment: FlowEnvironment;
}

/** What a flow says about the machine that it runs on. */
export interface FlowEnvironment {
  /** Its file of Python packages. */
  requirements?: string | undefined;
  /** A script that prepares the machine. */
  setup?: string | undefined;
  /** What else it asks for and does not get here: keys of `environment`. */
  unheeded: string[];
}

export interface BundleOptions {
  /** Path of the flow's folder or of its YAML file. */
  source: string;
  /** Takes the place of a node's default variant. */
  variant?: { node: string; variant: string } | undefined;
  /** Folders that are not part of the flow even when they lie within: where the bundle goes, the state folder. */
  without?: readonly string[];
}

/** What holds secrets by custom. */
const SECRET = /^\.env(\..+)?$/;
const REQUIREMENTS = "requirements.txt";

/** @throws FlowsteadError for a flow that cannot be read, `IncludeNotFound`, `UsageError` for an unknown variant. */
export function bundleFlow({ source, variant, without = [] }: BundleOptions): FlowBundle {
  const { directory, definition, text } = loadFlow(source);
  const nodes = applyVariants(definition, variant);
  const { additionalIncludes, file } = definition;
  const merged = additionalIncludes.length > 0 ? mergeIncludes(directory, additionalIncludes, file) : undefined;
  try {
    const from = merged?.directory ?? directory;
    const files = readAll(from, without);
    const needsEdit = additionalIncludes.length > 0 || Object.keys(definition.variants).length > 0;
    files.set(file, Buffer.from(needsEdit ? settle(text, definition, variant) : text));
    const environment = environmentOf(file.endsWith(".prompty") ? "" : text, files);
    const settled = { ...definition, nodes, variants: {}, additionalIncludes: [] };
    return { files, definition: settled, environment };
  } finally {
    merged?.remove();
  }
}

function readAll(directory: string, without: readonly string[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const outside = new Set(without.map((folder) => path.resolve(folder)));
  const add = (folder: string, prefix: string): void => {
    for (const name of readdirSync(folder).toSorted()) {
      const full = path.join(folder, name);
      if (isLeftOut(name) || SECRET.test(name) || outside.has(path.resolve(full))) continue;
      // What a link points to is part of the flow; a link to nowhere is not.
      const found = statSync(full, { throwIfNoEntry: false });
      if (found?.isDirectory()) add(full, `${prefix}${name}/`);
      else if (found?.isFile()) files.set(prefix + name, readFileSync(full));
    }
  };
  add(directory, "");
  return files;
}

/** The flow's YAML with the chosen variants in their nodes' places; all else stays as written. */
function settle(text: string, definition: FlowDefinition, choice: BundleOptions["variant"]): string {
  const { document } = parseYaml(text, definition.file);
  for (const [index, node] of definition.nodes.entries()) {
    const variants = definition.variants[node.name];
    const chosen = choice?.node === node.name ? choice.variant : node.useVariants ? variants?.default : undefined;
    if (chosen === undefined) continue;
    const written = document.getIn(["node_variants", node.name, "variants", chosen, "node"], true);
    if (!isYamlMap(written)) continue;
    const settled = written.clone() as typeof written;
    settled.delete("name");
    settled.items.unshift(document.createPair("name", node.name) as never);
    document.setIn(["nodes", index], settled);
  }
  document.delete("node_variants");
  document.delete("additional_includes");
  return document.toString({ lineWidth: 0 });
}

function environmentOf(text: string, files: ReadonlyMap<string, Uint8Array>): FlowEnvironment {
  const { value } = parseYaml(text);
  const given = isMap(value) && isMap(value["environment"]) ? value["environment"] : {};
  const fileOf = (key: string): string | undefined => {
    const named = given[key];
    if (typeof named !== "string") return undefined;
    if (files.has(named)) return named;
    throw new FlowsteadError("UsageError", `environment.${key} names ${named}, which is not in the flow.`);
  };
  return {
    requirements: fileOf("python_requirements_txt") ?? (files.has(REQUIREMENTS) ? REQUIREMENTS : undefined),
    setup: fileOf("setup_sh"),
    unheeded: ["image", "conda_file"].filter((key) => typeof given[key] === "string"),
  };
}

/** Whether `folder` is `other` or lies within it. */
export function isWithin(folder: string, other: string): boolean {
  const relative = path.relative(path.resolve(other), path.resolve(folder));
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

/** Whether there is anything in a folder. */
export function isEmpty(folder: string): boolean {
  return !existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0);
}
