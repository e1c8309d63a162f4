// flow.dag.yaml as it is written, checked key by key. Unknown keys are ignored, as the original ignores them.

import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, isFloat, isInt, isMap, pyStr, truthy } from "../base/value.ts";
import { type YamlSource, parseYaml } from "../base/yaml.ts";

const MARKED_VALUE = z.custom<Value>((value) => value !== undefined);
const TEXT = z.string().nullish();
/** Words for people: a number is its digits. */
const WORDS = z.preprocess((value) => (isInt(value) || isFloat(value) ? pyStr(value) : value), TEXT);
/** As the original asks: whatever is not empty says yes. Only the word false cannot have been meant so. */
const FLAG = MARKED_VALUE.nullish().transform((flag) => {
  if (flag === undefined || flag === null) return undefined;
  return typeof flag === "string" && flag.toLowerCase() === "false" ? false : truthy(flag);
});

/** A list or map that may be left out: as in the original, so it is by whatever is empty. */
function optional<Schema extends z.ZodType>(schema: Schema): z.ZodPreprocess<z.ZodOptional<Schema>> {
  return z.preprocess((value) => (truthy(value) ? value : undefined), schema.optional());
}

const VALUES = optional(z.record(z.string(), MARKED_VALUE));

const NODE = z.looseObject({
  name: z.string().optional(),
  type: TEXT,
  source: z.looseObject({ type: TEXT, path: TEXT, tool: TEXT }).nullish(),
  inputs: VALUES,
  connection: TEXT,
  api: TEXT,
  provider: TEXT,
  module: TEXT,
  aggregation: FLAG,
  reduce: FLAG,
  use_variants: FLAG,
  activate: MARKED_VALUE.nullish(),
});

const INPUTS = optional(
  z.record(
    z.string(),
    z.looseObject({
      type: MARKED_VALUE.nullish(),
      default: MARKED_VALUE.optional(),
      description: WORDS,
      is_chat_input: FLAG,
      is_chat_history: FLAG,
    }),
  ),
);

const FLOW = z.looseObject({
  entry: TEXT,
  code: TEXT,
  init: INPUTS,
  sample: MARKED_VALUE.nullish(),
  name: WORDS,
  display_name: WORDS,
  description: WORDS,
  language: TEXT,
  inputs: INPUTS,
  outputs: optional(
    z.record(
      z.string(),
      z.looseObject({
        type: MARKED_VALUE.nullish(),
        reference: MARKED_VALUE.optional(),
        description: WORDS,
        is_chat_output: FLAG,
        evaluation_only: FLAG,
      }),
    ),
  ),
  nodes: optional(z.array(NODE)),
  node_variants: z
    .record(
      z.string(),
      z.looseObject({
        default_variant_id: TEXT,
        variants: z.record(z.string(), z.looseObject({ node: NODE })).nullish(),
      }),
    )
    .nullish(),
  environment_variables: z
    .union([z.record(z.string(), MARKED_VALUE), z.string()], { error: "must be a map of names and values." })
    .nullish(),
  additional_includes: z.array(z.string()).nullish(),
  message_format: TEXT,
});

export type NodeYaml = z.infer<typeof NODE>;
export type InputsYaml = NonNullable<z.infer<typeof INPUTS>>;
export type VariantsYaml = NonNullable<z.infer<typeof FLOW>["node_variants"]>;

/** @throws FlowsteadError `InvalidYaml`, `FlowDefinitionError`; both name file and line. */
export function readFlowYaml(text: string, file: string): { yaml: z.infer<typeof FLOW>; source: YamlSource } {
  const source = parseYaml(text, file);
  if ((source.value ?? null) === null)
    throw new FlowsteadError("FlowDefinitionError", `${file} is empty: it holds neither nodes nor an entry.`);
  const parsed = FLOW.safeParse(source.value);
  if (parsed.success) return { yaml: parsed.data, source };
  const issue = parsed.error.issues[0];
  const at = (issue?.path ?? []).filter((part) => typeof part !== "symbol");
  const line = source.lineOf(at);
  const found = at.reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], source.value);
  const place = at.length === 0 ? "a flow" : at.join(".");
  const wanted = issue?.code === "invalid_type" ? (WANTED[issue.expected] ?? issue.expected) : undefined;
  const what = wanted === undefined ? (issue?.message ?? "") : `must be ${wanted}, and is ${shown(found)}.`;
  throw new FlowsteadError("FlowDefinitionError", `${file}:${line}: ${place}: ${what}`, { details: { file, line } });
}

const WANTED: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a map",
  record: "a map",
  string: "a text",
};

/** What stands in the file, in YAML's terms; a value by itself, since it is what its author will look for. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (isMap(value)) return "a map";
  return value === null ? "empty" : JSON.stringify(value);
}
