// The examples of a checkout of the original: every flow.dag.yaml, flow.flex.yaml and .prompty below its examples folder.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { type ValueMap, isMap } from "../../src/base/value.ts";
import { parseYaml } from "../../src/base/yaml.ts";

export interface Example {
  /** From the checkout, with forward slashes: a folder, or a .prompty file. */
  name: string;
  kind: "dag" | "flex" | "prompty";
  /** What it is made of, for readers: types of its nodes, and features of the flow. */
  construction: string;
  /** Packages that its requirements.txt asks for, without those that the shim stands for. */
  packages: string[];
}

const FOLDERS = ["flows", "flex-flows", "prompty", "tools/use-cases", "tutorials"];
/** The original's own distributions: their modules are in our python folder, or they hold none that nodes import. */
const OWN = /^(promptflow|promptflow-tools|promptflow-vectordb|my-tools-package)(\[.*\])?\s*([<>=!~;].*)?$/;

export function findExamples(upstream: string): Example[] {
  const files = FOLDERS.flatMap((folder) => walk(path.join(upstream, "examples", folder)));
  const flows = files.filter((file) => /^flow\.(dag|flex)\.yaml$/.test(path.basename(file)));
  const classes = new Set(flows.filter((file) => file.endsWith("flow.flex.yaml")).map((file) => path.dirname(file)));
  // A prompty beside a flex flow is what that flow calls; one alone is a flow of its own.
  const prompties = files.filter((file) => file.endsWith(".prompty") && !classes.has(path.dirname(file)));
  return [...flows, ...prompties]
    .map((file) => describe(file, upstream))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function walk(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function describe(file: string, upstream: string): Example {
  const isPrompty = file.endsWith(".prompty");
  const relative = path.relative(upstream, isPrompty ? file : path.dirname(file)).replaceAll(path.sep, "/");
  const kind = isPrompty ? "prompty" : file.endsWith("flow.dag.yaml") ? "dag" : "flex";
  return { name: relative, kind, construction: construction(file, kind), packages: requirements(path.dirname(file)) };
}

function construction(file: string, kind: Example["kind"]): string {
  if (kind === "prompty") return "prompty";
  const text = readFileSync(file, "utf8");
  const flow = parseYaml(text, file).value;
  if (!isMap(flow)) return kind;
  if (kind === "flex") return `flex: ${String(flow["entry"])}`;
  const nodes = (Array.isArray(flow["nodes"]) ? flow["nodes"] : []).filter(isMap);
  const types = new Map<string, number>();
  for (const node of nodes) types.set(typeOf(node), (types.get(typeOf(node)) ?? 0) + 1);
  const features = [
    nodes.some((node) => node["activate"]) && "activate",
    nodes.some((node) => node["aggregation"] || node["reduce"]) && "aggregation",
    flow["node_variants"] && "variants",
    flow["additional_includes"] && "additional_includes",
    /is_chat_input/.test(text) && "chat",
    /type: image/.test(text) && "images",
  ].filter((feature) => typeof feature === "string");
  const parts = [...types].map(([type, count]) => (count > 1 ? `${count} ${type}` : type));
  return [parts.join(", "), ...features].join("; ");
}

function typeOf(node: ValueMap): string {
  const source = isMap(node["source"]) ? node["source"] : {};
  if (source["type"] === "package" || source["type"] === "package_with_prompt") return String(source["tool"]);
  return typeof node["type"] === "string" ? node["type"] : "variant";
}

function requirements(folder: string): string[] {
  const file = path.join(folder, "requirements.txt");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "" && !OWN.test(line));
}
