// The part of OpenSearch's query language that the provider speaks, carried out over documents in memory. What is not known is
// refused with `parsing_exception`, as the real one does.

import { fieldAnalyzer } from "../../../src/search/document/field-analyzer.ts";

export type Json = Record<string, unknown>;

export class Refusal extends Error {
  readonly type: string;
  constructor(type: string, reason: string) {
    super(reason);
    this.type = type;
  }
}

export interface Property {
  type: string;
  analyzer?: string;
  dimension?: number;
  method?: { space_type: string };
  properties?: Record<string, Property>;
  fields?: Record<string, Property>;
  index?: boolean;
  doc_values?: boolean;
}

export interface Corpus {
  properties: Record<string, Property>;
  documents: ReadonlyMap<string, Json>;
}

const ANALYZERS: Record<string, string> = { english: "en.lucene", standard: "standard.lucene" };

/** @returns the score, undefined when the document is not found. */
export type Test = (document: Json, id: string) => number | undefined;

export function propertyAt({ properties }: Corpus, path: string): Property | undefined {
  let found: Property | undefined;
  let below: Record<string, Property> | undefined = properties;
  for (const name of path.split(".")) {
    found = below?.[name] ?? found?.fields?.[name];
    if (!found || (!below?.[name] && !found)) return undefined;
    below = found.properties;
  }
  return found;
}

export function valuesAt(corpus: Corpus, document: Json, path: string): unknown[] {
  const last = path.split(".").at(-1)!;
  const parent = propertyAt(corpus, path.slice(0, Math.max(0, path.length - last.length - 1)));
  const names = path.split(".");
  // A form of a field has no value of its own.
  if (parent?.fields?.[last]) names.pop();
  let found: unknown[] = [document];
  for (const name of names) {
    found = found.flatMap((one) => {
      const value = (one as Json | null)?.[name];
      return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
    });
  }
  return found;
}

const analyzed = new WeakMap<Json, Map<string, string[]>>();

/** Kept for a document, which is never changed in place. */
export function termsAt(corpus: Corpus, document: Json, path: string): string[] {
  let byPath = analyzed.get(document);
  if (!byPath) analyzed.set(document, (byPath = new Map()));
  let terms = byPath.get(path);
  if (!terms) {
    const property = propertyAt(corpus, path);
    const values = valuesAt(corpus, document, path).map(String);
    terms = property?.type === "text" ? values.flatMap((text) => analyze(property, text)) : values;
    byPath.set(path, terms);
  }
  return terms;
}

export function analyze(property: Property | undefined, text: string): string[] {
  if (property?.type !== "text") return [text];
  const name = property.analyzer ?? "standard";
  return fieldAnalyzer(ANALYZERS[name] ?? name)(text).map(({ term }) => term);
}

export function compile(query: unknown, corpus: Corpus): Test {
  const [[kind, given] = ["", undefined], ...rest] = Object.entries((query ?? {}) as Json);
  if (kind === "" || rest.length > 0) throw new Refusal("parsing_exception", `[${kind}] malformed query`);
  const body = given as Json;
  const one = (): [string, unknown] => {
    const entries = Object.entries(body);
    if (entries.length !== 1) throw new Refusal("parsing_exception", `[${kind}] query malformed`);
    return entries[0]!;
  };
  const exact = (path: string): string => {
    const property = propertyAt(corpus, path);
    if (property?.index === false) throw new Refusal("query_shard_exception", `field [${path}] is not indexed`);
    return path;
  };
  switch (kind) {
    case "match_all":
      return () => Number(body["boost"] ?? 1);
    case "match_none":
      return () => undefined;
    case "ids":
      return (_, id) => ((body["values"] as string[]).includes(id) ? 1 : undefined);
    case "exists":
      return (document) => (valuesAt(corpus, document, exact(String(body["field"]))).length > 0 ? 1 : undefined);
    case "term": {
      const [path, value] = one();
      return (document) => (valuesAt(corpus, document, exact(path)).some((v) => same(v, value)) ? 1 : undefined);
    }
    case "terms": {
      const [path, values] = one();
      return (document) =>
        valuesAt(corpus, document, exact(path)).some((v) => (values as unknown[]).some((w) => same(v, w)))
          ? 1
          : undefined;
    }
    case "range": {
      const [path, bounds] = one();
      return (document) =>
        valuesAt(corpus, document, exact(path)).some((v) => within(v, bounds as Json)) ? 1 : undefined;
    }
    case "prefix": {
      const [path, { value, boost = 1 }] = one() as [string, { value: string; boost?: number }];
      return (document) => (termsAt(corpus, document, path).some((term) => term.startsWith(value)) ? boost : undefined);
    }
    case "regexp": {
      const [path, { value, boost = 1 }] = one() as [string, { value: string; boost?: number }];
      const pattern = new RegExp(`^(?:${value})$`, "u");
      return (document) => (termsAt(corpus, document, path).some((term) => pattern.test(term)) ? boost : undefined);
    }
    case "match": {
      const [path, { query: text, fuzziness, boost = 1 }] = one() as [
        string,
        { query: string; fuzziness: number; boost?: number },
      ];
      const wanted = analyze(propertyAt(corpus, path), text);
      return (document) => {
        const terms = termsAt(corpus, document, path);
        return wanted.some((term) => terms.some((other) => distance(term, other) <= fuzziness)) ? boost : undefined;
      };
    }
    case "multi_match":
      return multiMatch(body as unknown as MultiMatch, corpus);
    case "nested": {
      const path = String(body["path"]);
      if (propertyAt(corpus, path)?.type !== "nested")
        throw new Refusal("query_shard_exception", `[nested] failed to find nested object under path [${path}]`);
      const test = compile(body["query"], corpus);
      return (document, id) =>
        valuesAt(corpus, document, path).some((element) => test({ ...document, [path]: [element] }, id) !== undefined)
          ? 1
          : undefined;
    }
    case "bool":
      return boolean(body, corpus);
    case "knn":
      return nearest(one() as [string, { vector: number[]; k: number; filter?: unknown }], corpus);
    default:
      throw new Refusal("parsing_exception", `unknown query [${kind}]`);
  }
}

function boolean(body: Json, corpus: Corpus): Test {
  const known = ["must", "should", "must_not", "filter", "minimum_should_match", "boost"];
  const stranger = Object.keys(body).find((name) => !known.includes(name));
  if (stranger) throw new Refusal("parsing_exception", `[bool] query does not support [${stranger}]`);
  const all = (name: string): Test[] => ((body[name] ?? []) as unknown[]).map((query) => compile(query, corpus));
  const [must, should, mustNot, filter] = [all("must"), all("should"), all("must_not"), all("filter")];
  const least = Number(
    body["minimum_should_match"] ?? (should.length > 0 && must.length + filter.length === 0 ? 1 : 0),
  );
  return (document, id) => {
    if (mustNot.some((test) => test(document, id) !== undefined)) return undefined;
    if (filter.some((test) => test(document, id) === undefined)) return undefined;
    const needed = must.map((test) => test(document, id));
    if (needed.includes(undefined)) return undefined;
    const found = should.map((test) => test(document, id)).filter((score) => score !== undefined);
    if (found.length < least) return undefined;
    const sum = [...(needed as number[]), ...found].reduce((total, score) => total + score, 0);
    return sum * Number(body["boost"] ?? 1);
  };
}

interface MultiMatch {
  query: string;
  fields: string[];
  type: string;
  operator?: string;
  slop?: number;
  zero_terms_query?: string;
}

function multiMatch(
  { query, fields, type, slop = 0, zero_terms_query: empty = "none" }: MultiMatch,
  corpus: Corpus,
): Test {
  if (!["most_fields", "phrase", "bool_prefix"].includes(type))
    throw new Refusal("parsing_exception", `No enum constant for multi_match type [${type}]`);
  const weighted = fields.map((text) => {
    const [path = "", boost = "1"] = text.split("^");
    const property = propertyAt(corpus, path);
    if (property && property.type !== "text") throw new Refusal("parsing_exception", `[${path}] is no text field`);
    return { path, boost: Number(boost), wanted: analyze(property, query) };
  });
  const documents = [...corpus.documents.values()];
  const idf = (path: string, term: string): number => {
    const count = documents.filter((one) => termsAt(corpus, one, path).includes(term)).length;
    return Math.log(1 + (documents.length - count + 0.5) / (count + 0.5));
  };
  const weights = new Map(
    weighted.flatMap(({ path, wanted }) => wanted.map((term) => [`${path} ${term}`, idf(path, term)])),
  );
  return (document) => {
    let score: number | undefined;
    for (const { path, boost, wanted } of weighted) {
      if (wanted.length === 0) {
        if (empty === "all") score = (score ?? 0) + 1;
        continue;
      }
      const terms = termsAt(corpus, document, path);
      const holds = (term: string, at: number): boolean =>
        type === "bool_prefix" && at === wanted.length - 1
          ? terms.some((one) => one.startsWith(term))
          : terms.includes(term);
      const isFound = type === "phrase" ? holdsPhrase(terms, wanted, slop) : wanted.every(holds);
      if (!isFound) continue;
      const sum = wanted.reduce((total, term) => {
        const count = terms.filter((one) => one === term).length;
        const norm = count + 1.2 * (0.25 + (0.75 * terms.length) / 20);
        return total + (weights.get(`${path} ${term}`) ?? 0) * ((2.2 * Math.max(count, 0.5)) / norm);
      }, 0);
      score = (score ?? 0) + boost * sum;
    }
    return score;
  };
}

function holdsPhrase(terms: readonly string[], wanted: readonly string[], slop: number): boolean {
  return terms.some((first, start) => {
    if (first !== wanted[0]) return false;
    let at = start;
    for (const term of wanted) {
      const next = terms.indexOf(term, at);
      if (next < 0 || next - start - (wanted.length - 1) > slop) return false;
      at = next + 1;
    }
    return true;
  });
}

function nearest(
  [path, { vector, k, filter }]: [string, { vector: number[]; k: number; filter?: unknown }],
  corpus: Corpus,
): Test {
  const property = propertyAt(corpus, path);
  if (property?.type !== "knn_vector" || property.dimension !== vector.length)
    throw new Refusal("query_shard_exception", `Query vector has invalid dimension: ${vector.length}`);
  if (property.method?.space_type !== "cosinesimil") throw new Refusal("parsing_exception", "only cosinesimil here");
  const test = filter === undefined ? () => 1 : compile(filter, corpus);
  const scores = [...corpus.documents]
    .filter(([id, document]) => Array.isArray(document[path]) && test(document, id) !== undefined)
    .map(([id, document]) => [id, (1 + cosine(vector, document[path] as number[])) / 2] as const)
    .sort((a, b) => b[1] - a[1])
    .slice(0, k);
  const found = new Map(scores);
  return (_, id) => found.get(id);
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  return dot / ((Math.hypot(...a) || 1) * (Math.hypot(...b) || 1));
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "string" && typeof b === "string" && isDate(a) && Date.parse(a) === Date.parse(b));
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(text);
}

export function comparable(value: unknown): string | number {
  if (typeof value === "string") return isDate(value) ? Date.parse(value) : value;
  return Number(value);
}

export function within(value: unknown, bounds: Json): boolean {
  const tests: Record<string, (a: string | number, b: string | number) => boolean> = {
    gt: (a, b) => a > b,
    gte: (a, b) => a >= b,
    lt: (a, b) => a < b,
    lte: (a, b) => a <= b,
  };
  return Object.entries(bounds).every(([name, bound]) => {
    const test = tests[name];
    if (!test) throw new Refusal("parsing_exception", `[range] query does not support [${name}]`);
    return test(comparable(value), comparable(bound));
  });
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}
