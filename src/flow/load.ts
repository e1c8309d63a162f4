// A flow's file -> FlowDefinition. What is used is checked here, and every complaint names file and line.

import { readFileSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap, pyRepr, pyStr } from "../base/value.ts";
import type { YamlSource } from "../base/yaml.ts";
import { resolveReferences } from "../prompt/prompty-reference.ts";
import type { FlowDefinition, FlowSample } from "./definition.ts";
import { type InputsYaml, readFlowYaml } from "./flow-yaml.ts";
import { locateFlow } from "./locate.ts";
import { promptyFlow } from "./prompty-flow.ts";
import { readNode, readVariants } from "./node/read.ts";
import { parseAssignment } from "./reference.ts";
import { VALUE_TYPES } from "./value.ts";

export interface LoadedFlow {
  directory: string;
  definition: FlowDefinition;
  /** Of the flow's file; what would stand there, for a flow that has none. */
  text: string;
}

/**
 * Reads the definition of the flow in a folder, in a file, or around a Python function.
 * @param changes what the head of a prompty says instead
 */
export function loadFlow(source: string, changes: ValueMap = {}): LoadedFlow {
  const { directory, file, entry } = locateFlow(source);
  const text = entry === undefined ? readFileSync(file, "utf8") : `entry: ${entry}\n`;
  if (file.endsWith(".prompty")) return { directory, text, definition: promptyFlow(file, changes) };
  const definition = parseFlow(text, {
    file: entry === undefined ? path.basename(file) : "flow.flex.yaml",
    folderName: path.basename(directory),
    folder: directory,
  });
  return { directory, text, definition };
}

/**
 * @param options `file` stands in messages; `name` wins over the YAML's, `folderName` stands in when it has none; without
 * `folder` a sample is not read.
 * @throws FlowsteadError `InvalidYaml`, `FlowDefinitionError`, `InvalidMessageFormatType`, `FlowNotSupported`.
 */
export function parseFlow(
  text: string,
  options: { file?: string; folderName?: string; name?: string; folder?: string } = {},
): FlowDefinition {
  const { file = "flow.dag.yaml", folderName = "flow" } = options;
  const { yaml, source } = readFlowYaml(text, file);
  const { lineOf, literalAt } = source;
  if (yaml.language && yaml.language !== "python") {
    const line = lineOf(["language"]);
    throw new FlowsteadError("FlowNotSupported", `${file}:${line}: flows in '${yaml.language}' are not supported.`);
  }
  const isFlex = yaml.entry !== undefined;
  return {
    name: options.name || yaml.name || flowName(folderName),
    description: yaml.description ?? undefined,
    inputs: readInputs(yaml.inputs ?? {}, literalsOf(source, "inputs"), (name, type) =>
      isFlex ? pyStr(type ?? "") : valueType(type, { file, line: lineOf(["inputs", name]), input: name }),
    ),
    flex: isFlex
      ? {
          entry: pyStr(yaml.entry),
          init: readInputs(yaml.init ?? {}, literalsOf(source, "init"), (_, type) => pyStr(type ?? "object")),
          code: yaml.code || undefined,
        }
      : undefined,
    outputs: Object.entries(yaml.outputs ?? {}).map(([name, output]) => ({
      name,
      type: isFlex
        ? pyStr(output.type ?? "string")
        : valueType(output.type, { file, line: lineOf(["outputs", name]), output: name }),
      reference: parseAssignment(literalAt(["outputs", name, "reference"]) ?? written(output.reference)),
      description: output.description ?? undefined,
      isChatOutput: output.is_chat_output ?? false,
      evaluationOnly: output.evaluation_only ?? false,
    })),
    nodes: (yaml.nodes ?? []).map((node, index) => readNode(node, { name: file, source }, ["nodes", index])),
    variants: readVariants(yaml.node_variants ?? {}, { name: file, source }),
    environmentVariables: typeof yaml.environment_variables === "object" ? (yaml.environment_variables ?? {}) : {},
    additionalIncludes: yaml.additional_includes ?? [],
    messageFormat: readMessageFormat(yaml.message_format),
    sample: isFlex ? readSample(yaml.sample, options.folder) : undefined,
    file,
  };
}

type DefaultOf = (name: string) => Value | undefined;

function literalsOf({ literalAt }: YamlSource, section: string): DefaultOf {
  return (name) => literalAt([section, name, "default"]);
}

/** A reference that is null is the value null, one that is not there is none. */
function written(reference: Value | undefined): Value {
  return reference === undefined ? "" : reference;
}

/** @throws FlowsteadError `KeyError` for a type that is missing, `ValueError` for one that there is not. */
function valueType(type: Value | undefined, details: Record<string, unknown>): string {
  if (type === undefined) throw new FlowsteadError("KeyError", "'type'", { details });
  if (typeof type === "string" && VALUE_TYPES.has(type)) return type;
  throw new FlowsteadError("ValueError", `${pyRepr(type)} is not a valid ValueType`, { details });
}

/** @param typeOf the type of an input, from the one that is written */
function readInputs(
  inputs: InputsYaml,
  literal: DefaultOf,
  typeOf: (name: string, written: Value | undefined) => string,
): FlowDefinition["inputs"] {
  return Object.entries(inputs).map(([name, input]) => ({
    name,
    type: typeOf(name, input.type),
    default: literal(name) ?? input.default,
    description: input.description ?? undefined,
    isChatInput: input.is_chat_input ?? false,
    isChatHistory: input.is_chat_history,
  }));
}

/** A sample has `inputs` and `init`; it, or a part of it, may stand in a file: `${file:sample.json}`. */
function readSample(written: Value | undefined, base: string | undefined): FlowSample | undefined {
  if (written === undefined || written === null || base === undefined) return undefined;
  const sample = resolveReferences(written, { base, env: {} });
  if (!isMap(sample)) return undefined;
  const { inputs, init } = sample;
  return { ...(isMap(inputs) ? { inputs } : {}), ...(isMap(init) ? { init } : {}) };
}

function readMessageFormat(format: string | null | undefined): "basic" | "openai-vision" {
  const lower = (format || "basic").toLowerCase();
  if (lower === "basic" || lower === "openai-vision") return lower;
  throw new FlowsteadError(
    "InvalidMessageFormatType",
    `Invalid message format '${format}'. Supported message formats are ['basic', 'openai-vision'].`,
  );
}

/** A folder's name as the original makes a flow's name of it. */
export function flowName(folder: string): string {
  return folder.replaceAll(/[^a-zA-Z0-9_.-]/g, "_");
}
