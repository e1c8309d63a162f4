// flow.dag.yaml -> FlowDefinition. Unknown keys are ignored, as the original ignores them; what is used is checked here,
// and every complaint names file and line.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import { resolveReferences } from "../prompt/prompty-reference.ts";
import type {
  ActivateDefinition,
  FlowDefinition,
  FlowSample,
  NodeDefinition,
  VariantDefinition,
} from "./definition.ts";
import { promptyFlow } from "./prompty-flow.ts";
import { parseAssignment } from "./reference.ts";

const MARKED_VALUE = z.custom<Value>((value) => value !== undefined);
const TEXT = z.string().nullish();
const FLAG = z
  .union([z.boolean(), z.string().transform((text) => text.toLowerCase() === "true")])
  .nullish()
  .transform((flag) => flag ?? undefined);
const VALUES = z.record(z.string(), MARKED_VALUE).nullish();

const NODE = z.looseObject({
  name: z.string().optional(),
  type: TEXT,
  source: z.looseObject({ type: TEXT, path: TEXT, tool: TEXT }).nullish(),
  inputs: VALUES,
  connection: TEXT,
  api: TEXT,
  provider: TEXT,
  aggregation: FLAG,
  reduce: FLAG,
  use_variants: FLAG,
  activate: z.record(z.string(), MARKED_VALUE).nullish(),
});

const INPUTS = z
  .record(
    z.string(),
    z.looseObject({
      type: TEXT,
      default: MARKED_VALUE.optional(),
      description: TEXT,
      is_chat_input: FLAG,
      is_chat_history: FLAG,
    }),
  )
  .nullish();

const FLOW = z.looseObject({
  entry: TEXT,
  init: INPUTS,
  sample: MARKED_VALUE.nullish(),
  name: TEXT,
  display_name: TEXT,
  description: TEXT,
  language: TEXT,
  inputs: INPUTS,
  outputs: z
    .record(
      z.string(),
      z.looseObject({
        type: TEXT,
        reference: MARKED_VALUE.optional(),
        description: TEXT,
        is_chat_output: FLAG,
        evaluation_only: FLAG,
      }),
    )
    .nullish(),
  nodes: z.array(NODE).nullish(),
  node_variants: z
    .record(
      z.string(),
      z.looseObject({
        default_variant_id: TEXT,
        variants: z.record(z.string(), z.looseObject({ node: NODE })).nullish(),
      }),
    )
    .nullish(),
  environment_variables: z.union([z.record(z.string(), MARKED_VALUE), z.string()]).nullish(),
  additional_includes: z.array(z.string()).nullish(),
  message_format: TEXT,
});

type NodeYaml = z.infer<typeof NODE>;
type Where = (at: readonly (string | number)[]) => number;

/**
 * A flow's folder and file from the path of either; a folder without flow file may have one .prompty.
 * @throws FlowsteadError `FlowNotFound`; `FlowDefinitionError` for a folder with several flow files.
 */
export function locateFlow(source: string): { directory: string; file: string } {
  const full = path.resolve(source);
  if (!existsSync(full)) {
    throw new FlowsteadError("FlowNotFound", `Flow path ${source} does not exist.`, { details: { path: source } });
  }
  if (!statSync(full).isDirectory()) {
    if (!/\.(ya?ml|prompty)$/.test(full)) throw notDag(source);
    return { directory: path.dirname(full), file: full };
  }
  const candidates = ["flow.dag.yaml", "flow.dag.yml", "flow.flex.yaml", "flow.flex.yml"].map((name) =>
    path.join(full, name),
  );
  const [file, ...more] = candidates.filter((candidate) => existsSync(candidate));
  if (more.length > 0) throw ambiguous(source, [file ?? "", ...more]);
  if (file) return { directory: full, file };
  const prompties = readdirSync(full).filter((name) => name.endsWith(".prompty"));
  if (prompties.length === 1) return { directory: full, file: path.join(full, prompties[0] ?? "") };
  throw new FlowsteadError("FlowNotFound", `Flow file ${path.join(source, "flow.dag.yaml")} does not exist.`);
}

function ambiguous(source: string, files: readonly string[]): FlowsteadError {
  const names = files.map((file) => path.basename(file)).join(", ");
  return new FlowsteadError(
    "FlowDefinitionError",
    `Multiple files ${names} exist in ${source}. Please specify a file or remove the extra YAML file.`,
    { details: { path: source } },
  );
}

function notDag(source: string): FlowsteadError {
  return new FlowsteadError(
    "FlowNotSupported",
    `${source}: it is no flow.dag.yaml, no flow.flex.yaml and no .prompty.`,
  );
}

/** Reads the definition of the flow in a folder, or in a YAML file. */
export function loadFlow(source: string): { directory: string; definition: FlowDefinition } {
  const { directory, file } = locateFlow(source);
  if (file.endsWith(".prompty")) return { directory, definition: promptyFlow(file) };
  const definition = parseFlow(readFileSync(file, "utf8"), {
    file: path.basename(file),
    folderName: path.basename(directory),
    folder: directory,
  });
  return { directory, definition };
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
  const { value, lineOf } = parseYaml(text, file);
  const parsed = FLOW.safeParse(value ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = (issue?.path ?? []).filter((part) => typeof part !== "symbol");
    const line = lineOf(at);
    throw new FlowsteadError("FlowDefinitionError", `${file}:${line}: ${at.join(".")}: ${issue?.message}`, {
      details: { file, line },
    });
  }
  const yaml = parsed.data;
  if (yaml.language && yaml.language !== "python") {
    const line = lineOf(["language"]);
    throw new FlowsteadError("FlowNotSupported", `${file}:${line}: flows in '${yaml.language}' are not supported.`);
  }
  return {
    name: options.name || yaml.name || flowName(folderName),
    description: yaml.description ?? undefined,
    inputs: readInputs(yaml.inputs ?? {}, (name) => {
      if (yaml.entry) return "";
      throw new FlowsteadError("KeyError", "'type'", {
        details: { file, line: lineOf(["inputs", name]), input: name },
      });
    }),
    flex: yaml.entry ? { entry: yaml.entry, init: readInputs(yaml.init ?? {}, () => "object") } : undefined,
    outputs: Object.entries(yaml.outputs ?? {}).map(([name, output]) => ({
      name,
      type: output.type ?? "string",
      reference: parseAssignment(output.reference ?? ""),
      description: output.description ?? undefined,
      isChatOutput: output.is_chat_output ?? false,
      evaluationOnly: output.evaluation_only ?? false,
    })),
    nodes: (yaml.nodes ?? []).map((node, index) => readNode(node, file, (at) => lineOf(["nodes", index, ...at]))),
    variants: readVariants(yaml.node_variants ?? {}, file, lineOf),
    environmentVariables: typeof yaml.environment_variables === "object" ? (yaml.environment_variables ?? {}) : {},
    additionalIncludes: yaml.additional_includes ?? [],
    messageFormat: readMessageFormat(yaml.message_format),
    sample: yaml.entry ? readSample(yaml.sample, options.folder) : undefined,
    file,
  };
}

/** @param untyped tells the type of an input that has none */
function readInputs(
  inputs: NonNullable<z.infer<typeof INPUTS>>,
  untyped: (name: string) => string,
): FlowDefinition["inputs"] {
  return Object.entries(inputs).map(([name, input]) => ({
    name,
    type: input.type ?? untyped(name),
    default: input.default,
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

function readNode(node: NodeYaml, file: string, lineOf: Where): NodeDefinition {
  const { source } = node;
  if (node.name === undefined) {
    throw new FlowsteadError("FlowDefinitionError", `${file}:${lineOf([])}: a node has no name.`);
  }
  return {
    name: node.name,
    type: node.type ?? undefined,
    source: source
      ? {
          type: readSourceType(source.type, `${file}:${lineOf(["source"])}`),
          path: source.path ?? undefined,
          tool: source.tool ?? undefined,
        }
      : undefined,
    inputs: mapValues(node.inputs ?? {}, parseAssignment),
    connection: node.connection ?? undefined,
    api: node.api ?? undefined,
    provider: node.provider ?? undefined,
    aggregation: node.aggregation ?? node.reduce ?? false,
    activate: node.activate ? readActivate(node.name, node.activate) : undefined,
    useVariants: node.use_variants ?? false,
    line: lineOf([]),
  };
}

function readSourceType(type: string | null | undefined, where: string): "code" | "package" | "package_with_prompt" {
  if (!type) return "code";
  if (type === "code" || type === "package" || type === "package_with_prompt") return type;
  throw new FlowsteadError(
    "FlowDefinitionError",
    `${where}: source.type '${type}' is none of code, package, package_with_prompt.`,
  );
}

function readActivate(node: string, activate: ValueMap): ActivateDefinition {
  if (!("when" in activate) || !("is" in activate)) {
    throw new FlowsteadError(
      "FlowDefinitionError",
      `The definition of activate config for node ${node} is incorrect. Please check your flow yaml and resubmit.`,
      { details: { node } },
    );
  }
  return { when: parseAssignment(activate["when"] ?? null), is: activate["is"] ?? null };
}

function readVariants(
  variants: NonNullable<z.infer<typeof FLOW>["node_variants"]>,
  file: string,
  lineOf: Where,
): Record<string, VariantDefinition> {
  return Object.fromEntries(
    Object.entries(variants).map(([name, variant]) => [
      name,
      {
        default: variant.default_variant_id ?? "",
        variants: mapValues(variant.variants ?? {}, ({ node }, id) =>
          readNode({ ...node, name }, file, (at) => lineOf(["node_variants", name, "variants", id, "node", ...at])),
        ),
      },
    ]),
  );
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

function mapValues<T, U>(map: Record<string, T>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}
