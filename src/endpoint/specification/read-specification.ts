// A file, or the same keys as an object, becomes a specification with a finding for every line.

import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../../base/value.ts";
import { parseYaml } from "../../base/yaml.ts";
import type { DeploymentSpec } from "./deployment-spec.ts";
import type { EndpointSpec } from "./endpoint-spec.ts";
import type { Finding } from "./finding.ts";
import { readDeployment } from "./read-deployment.ts";
import { readEndpoint } from "./read-endpoint.ts";
import { SpecReader, type SpecSource } from "./spec-reader.ts";
import type { PlainMap } from "./write-specification.ts";

export type Specification =
  | { type: "endpoint"; spec: EndpointSpec; findings: Finding[] }
  | { type: "deployment"; spec: DeploymentSpec; findings: Finding[] };

/** Values that the command line puts in place of the file's, by dotted path. */
export type Overrides = Readonly<Record<string, Value>>;

export interface ReadOptions {
  overrides?: Overrides;
  /** For what was accepted before: whether the flow is still there is not looked at. */
  accepted?: boolean;
}

/**
 * Reads a YAML file. What is wrong with a value is a finding; `refuseIfAny` throws when there is one.
 * @throws FlowsteadError `InvalidYaml`, `InvalidSpecification` for a file that is neither an endpoint nor a deployment.
 */
export function readSpecificationFile(file: string, { overrides = {} }: ReadOptions = {}): Specification {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new FlowsteadError("InvalidSpecification", `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  const { value, lineOf } = parseYaml(text, file);
  if (!isMap(value)) throw new FlowsteadError("InvalidSpecification", `${file}:1: the file must hold keys and values.`);
  return readSource({ file, value: overridden(value, overrides), lineOf }, path.dirname(file));
}

/** The keys of the YAML as an object; `name` stands for the file in findings. */
export function readSpecification(
  map: PlainMap | ValueMap,
  name: string,
  { overrides = {}, accepted = false }: ReadOptions = {},
): Specification {
  const value = overridden(map as ValueMap, overrides);
  return readSource({ file: name, value, lineOf: () => 1 }, process.cwd(), accepted);
}

function readSource(source: SpecSource, folder: string, accepted = false): Specification {
  const reader = new SpecReader(source);
  const { findings } = reader;
  if (isDeployment(reader)) {
    const flowAt = accepted ? (written: string) => ({ flow: written }) : flowsBelow(folder);
    const spec = readDeployment(reader, { flowAt });
    const build = spec.environment?.build;
    if (build) build.path = path.resolve(folder, build.path);
    return { type: "deployment", spec, findings };
  }
  return { type: "endpoint", spec: readEndpoint(reader), findings };
}

/** By its schema, which some files leave out, and else by a key that only one of the two has. */
function isDeployment(reader: SpecReader): boolean {
  const schema = pyStr(reader.value("$schema") ?? "");
  if (/OnlineDeployment\.schema/i.test(schema)) return true;
  if (/OnlineEndpoint\.schema/i.test(schema)) return false;
  if (["auth_mode", "traffic", "mirror_traffic"].some((key) => reader.has(key))) return false;
  if (["endpoint_name", "model", "instance_count", "environment"].some((key) => reader.has(key))) return true;
  if (reader.keys().every((key) => ["$schema", "name", "description", "tags", "properties"].includes(key)))
    return false;
  throw new FlowsteadError(
    "InvalidSpecification",
    "The file describes neither an online endpoint nor an online deployment.",
  );
}

const FLOW_FILES = ["flow.dag.yaml", "flow.dag.yml", "flow.flex.yaml", "flow.flex.yml"];

function flowsBelow(folder: string): (written: string) => { flow: string } | { why: string } {
  return (written) => {
    const flow = path.resolve(folder, written);
    if (!existsSync(flow)) return { why: `there is no ${flow}` };
    const isFlow = statSync(flow).isDirectory()
      ? FLOW_FILES.some((name) => existsSync(path.join(flow, name)))
      : /\.(prompty|ya?ml)$/.test(flow);
    return isFlow ? { flow } : { why: `${flow} holds no flow: no flow.dag.yaml, no flow.flex.yaml` };
  };
}

/** @throws FlowsteadError `UsageError` for a path that leads through something that is no mapping. */
function overridden(map: ValueMap, overrides: Overrides): ValueMap {
  const copy = copied(map);
  for (const [dotted, value] of Object.entries(overrides)) {
    const keys = dotted.split(".");
    const last = keys.pop() as string;
    let at: ValueMap = copy;
    for (const key of keys) {
      const next = (at[key] ??= {});
      if (!isMap(next)) throw new FlowsteadError("UsageError", `"${dotted}" cannot be set: "${key}" is not a mapping.`);
      at = next;
    }
    at[last] = value;
  }
  return copy;
}

/** Not `structuredClone`, which would make a float that is a class of its own a plain object. */
function copied(map: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, isMap(value) ? copied(value) : value]));
}
