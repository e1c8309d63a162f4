// What a Python process says, checked once where it comes in. python/flowstead_worker/worker.py is the other side.

import { z } from "zod";
import type { Value, ValueMap } from "../base/value.ts";

const VALUE = z.custom<Value>((value) => value !== undefined);

export const PARAMETER = z.object({
  type: z.array(z.string()),
  has_default: z.boolean(),
  default: VALUE.optional(),
  enum: z.array(z.string()).optional(),
  custom_type: z.array(z.string()).optional(),
});

/** A tool's signature as its file declares it; types are those of flow.dag.yaml and connection classes. */
export const SIGNATURE = z.object({
  name: z.string(),
  function: z.string(),
  class_name: z.string().nullable(),
  description: z.string().nullable(),
  inputs: z.record(z.string(), PARAMETER),
  /** Inputs that go to the constructor of the tool's class. */
  init: z.array(z.string()),
  generator: z.boolean(),
  async: z.boolean(),
});

/** What a tool of an installed package declares. */
export const PACKAGE_SIGNATURE = SIGNATURE.extend({
  /** What its package calls it, for messages. */
  title: z.string(),
  /** The inputs that the package's own description lists. */
  declared: z.array(z.string()),
  /** Name of the parameter that takes a prompt's template. */
  prompt: z.string().nullable(),
  /** Whether it can be told which inputs are a caller's own. */
  takes_escapes: z.boolean(),
  /** Name of the parameter that asks for a stream. */
  streaming_option: z.string().nullable(),
});

/** What the entry of a flow.flex.yaml declares. */
export const ENTRY_SIGNATURE = SIGNATURE.extend({
  /** Whether it takes inputs that it does not name. */
  accepts_any: z.boolean(),
  /** Fields of the declared result with their types; null when none are declared. */
  outputs: z.record(z.string(), z.string()).nullable(),
  /** Whether the declared result is one value and no object. */
  bare: z.boolean(),
  /** Whether it has `__aggregate__`. */
  aggregate: z.boolean(),
});

export type EntrySignature = z.infer<typeof ENTRY_SIGNATURE>;
export type PackageSignature = z.infer<typeof PACKAGE_SIGNATURE>;
export type PythonParameter = z.infer<typeof PARAMETER>;
export type PythonSignature = z.infer<typeof SIGNATURE>;

/** A field that cannot be an output. */
export interface UnfitField {
  name: string;
  /** In Python's words. */
  refusal: string;
}

export interface KeptObject {
  run: string;
  id: number;
  type: string;
  /** Why it has no JSON form, and what is shown of it instead. */
  error?: string;
  shown?: string;
  /** Why `json.dumps` refuses it although it has a JSON form to show. */
  unfit?: string;
  /** The first that `json.dumps` refuses where its fields are outputs. */
  field?: UnfitField;
}

/** What a piece of a stream is beside its text. */
export interface PieceFacts {
  /** The field of the result that it is a piece of, where not the result itself is the stream. */
  field?: string;
  /** It as JSON, where it is no text and JSON has words for it. */
  json?: string;
  /** With an empty text, of the last field that is a stream: the fields that are none, where JSON can say them all. */
  beside?: ValueMap;
}

/** A call of a function marked with `@trace`, told when it has ended. */
export interface TracedCall {
  /** Its number among those of its process. */
  span: number;
  /** Number of the traced function that called it, which is told after it. */
  parent?: number;
  name: string;
  /** Its name behind those of the traced functions around it: `outer_inner`. */
  path: string;
  /** Milliseconds since the epoch. */
  time: number;
  duration: number;
  inputs: ValueMap;
  output?: Value;
  error?: string;
}

export interface WorkerFault {
  code?: string;
  class?: string;
  message: string;
  chain?: string;
  /** Whether the code had returned, and what failed is the stream that it gave. */
  streaming?: boolean;
  /** The package that an import did not find. */
  missing?: string;
  traceback?: string;
  filename?: string;
  lineno?: number;
  name?: string;
}

export type WorkerMessage =
  | { t: "hello"; version: string; executable: string }
  | { t: "log"; id: number; stream: "stdout" | "stderr"; text: string }
  | { t: "metric"; id: number; name: string; value: Value }
  | ({ t: "chunk"; id: number; text: string } & PieceFacts)
  | ({ t: "span"; id: number } & TracedCall)
  | { t: "ask"; id: number; ask: number; kind: string; value: ValueMap }
  | { t: "unask"; ask: number }
  | { t: "pull"; feed: number }
  | { t: "left"; feed: number }
  | { t: "result"; id: number; value: Value; ref?: KeptObject }
  | ({ t: "error"; id: number } & WorkerFault);
