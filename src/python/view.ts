// What a Python process says of an object for a template; python/flowstead_worker/view.py is the other side.

import { z } from "zod";
import { orderedMap } from "../base/ordered-map.ts";
import type { Value } from "../base/value.ts";
import { Foreign, ForeignDict, type ForeignFacts, ForeignFault, ForeignTuple } from "../prompt/foreign.ts";

const ANY = z.custom<Value>((value) => value !== undefined);
const PAIRS = z.array(z.tuple([ANY, ANY]));
const NAMED = z.record(z.string(), ANY);

const VIEW = z.union([
  z.object({ v: ANY }),
  z.object({ l: z.array(ANY) }),
  z.object({ t: z.array(ANY) }),
  z.object({ d: PAIRS }),
  z.object({ e: z.tuple([z.string(), z.string()]) }),
  z.object({
    o: z.object({
      type: z.string(),
      name: z.string(),
      text: z.string(),
      repr: z.string(),
      base: ANY.optional(),
      length: z.number().optional(),
      items: z.array(ANY).optional(),
      isIndexed: z.boolean().optional(),
      entries: PAIRS.optional(),
      attributes: NAMED.optional(),
      results: NAMED.optional(),
    }),
  }),
]);

/** Plain values where JSON says all there is, else what stands for the object. */
export function readView(answer: Value): unknown {
  const view = VIEW.parse(answer);
  if ("v" in view) return view.v;
  if ("l" in view) return view.l.map(readView);
  if ("t" in view) return new ForeignTuple(view.t.map(readView));
  if ("d" in view) return readDict(readPairs(view.d));
  if ("e" in view) return new ForeignFault(...view.e);
  const { base, items, entries, attributes, results, ...facts } = view.o;
  return new Foreign({
    ...facts,
    ...(base === undefined ? {} : { base: readView(base) }),
    ...(items ? { items: items.map(readView) } : {}),
    ...(entries ? { entries: readPairs(entries) } : {}),
    ...(attributes ? { attributes: readNamed(attributes) } : {}),
    ...(results ? { results: readNamed(results) } : {}),
  } satisfies ForeignFacts);
}

function readPairs(pairs: z.infer<typeof PAIRS>): [unknown, unknown][] {
  return pairs.map(([key, value]) => [readView(key), readView(value)]);
}

function readDict(pairs: [unknown, unknown][]): unknown {
  return pairs.every(([key]) => typeof key === "string")
    ? orderedMap(pairs as [string, unknown][])
    : new ForeignDict(pairs);
}

function readNamed(named: z.infer<typeof NAMED>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, readView(value)]));
}
