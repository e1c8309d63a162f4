// One conformance case, and what a runner of a kind looks like.

import { parseJson } from "../../src/base/json.ts";
import { type Value, type ValueMap, float, isMap } from "../../src/base/value.ts";
import type { Recordings } from "./recording.ts";

/** A case as it stands in a `cases.jsonl`; `inputs` and `expect` differ from kind to kind. */
export interface Case {
  id: string;
  kind: string;
  /** A path in a checkout of the original, or null. */
  flow: string | null;
  inputs: ValueMap;
  expect: ValueMap;
  observed: ValueMap | null;
  needs: string[];
  tier: string;
}

/** Whether what was asserted and what was seen of the original cannot both be: its own test would fail where it was watched. */
export function isContradicted({ expect, observed }: Case): boolean {
  return Object.entries(expect).some(([key, wanted]) => {
    const seen = observed?.[key];
    return typeof wanted === "number" && typeof seen === "number" && wanted !== seen;
  });
}

export interface KindContext {
  /** A checkout of the original. */
  upstream: string;
  /** `connections.json` and `recordings.jsonl` beside the cases, where they exist. */
  connections: ValueMap;
  recordings: Recordings;
  /** Where a model server listens, on this machine, for the connections of `connections.json`. */
  modelPort?: number;
  /** The Python that runs nodes; the one on the path when absent. */
  python: string | undefined;
  /** Whether everything that was observed counts, instead of what the case expects. */
  whole?: boolean;
  signal: AbortSignal;
}

/** Runs a case against the real code. Throws `Mismatch` (or anything else) when the case fails. */
export type Runner = (testCase: Case, context: KindContext) => void | Promise<void>;

/** The runners of one family, by kind. */
export type Kinds = Readonly<Record<string, Runner>>;

export class Mismatch extends Error {}

export function readCases(jsonl: string): Case[] {
  return jsonl
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => toCase(untagged(parseJson(line)) as ValueMap));
}

function toCase(raw: ValueMap): Case {
  return {
    id: String(raw["id"] as string),
    kind: String(raw["kind"] as string),
    flow: (raw["flow"] as string | null | undefined) ?? null,
    inputs: isMap(raw["inputs"]) ? raw["inputs"] : {},
    expect: isMap(raw["expect"]) ? raw["expect"] : {},
    observed: isMap(raw["observed"]) ? raw["observed"] : null,
    needs: (raw["needs"] as string[] | undefined) ?? [],
    tier: (raw["tier"] as string | undefined) ?? "?",
  };
}

/** Undoes `{"$t":"ScalarFloat","v":"0.2"}`, the corpus' way to tell a value's class in the original. */
function untagged(value: Value): Value {
  if (Array.isArray(value)) return value.map(untagged);
  if (!isMap(value)) return value;
  if (value["$t"] === "ScalarFloat") return float(Number(value["v"]));
  if (value["$t"] === "PromptResult") return value["v"] ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, untagged(item)]));
}
