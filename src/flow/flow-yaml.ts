// flow.dag.yaml as it is written, checked key by key. Unknown keys are ignored, as the original ignores them.

import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import type { Value } from "../base/value.ts";
import { type YamlSource, parseYaml } from "../base/yaml.ts";

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
  module: TEXT,
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
  throw new FlowsteadError("FlowDefinitionError", `${file}:${line}: ${at.join(".")}: ${issue?.message}`, {
    details: { file, line },
  });
}
