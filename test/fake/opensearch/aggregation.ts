import { comparable, type Corpus, type Json, propertyAt, Refusal, valuesAt, within } from "./query.ts";

interface Bucket extends Json {
  doc_count: number;
}

/** `documents` are those found. */
export function aggregate(asked: Json, documents: readonly Json[], corpus: Corpus): Json {
  return Object.fromEntries(
    Object.entries(asked).map(([name, one]) => {
      const [[kind, settings] = ["", {}]] = Object.entries(one as Json);
      return [name, aggregateOne(kind, settings as Json, { documents, corpus })];
    }),
  );
}

function aggregateOne(
  kind: string,
  settings: Json,
  { documents, corpus }: { documents: readonly Json[]; corpus: Corpus },
): Json {
  const countBy = (field: string, of: (value: unknown) => unknown): Map<unknown, number> => {
    const property = propertyAt(corpus, field);
    if (!property || property.type === "text" || property.doc_values === false)
      throw new Refusal("illegal_argument_exception", `Text fields are not optimised for aggregations: [${field}]`);
    const counts = new Map<unknown, number>();
    for (const document of documents) {
      for (const key of new Set(valuesAt(corpus, document, field).map(of))) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  };
  const field = String(settings["field"]);
  const keyOf = (value: unknown): unknown => (typeof value === "boolean" ? Number(value) : comparable(value));
  const listed = (counts: Map<unknown, number>): Bucket[] =>
    [...counts].map(([key, count]) => ({ key, doc_count: count }));
  const byKey = (a: Bucket, b: Bucket): number => (a["key"] === b["key"] ? 0 : a["key"]! < b["key"]! ? -1 : 1);
  switch (kind) {
    case "terms": {
      const buckets = listed(countBy(field, keyOf));
      const order = settings["order"] as Json[];
      buckets.sort((a, b) => {
        for (const clause of order) {
          const [[by, direction] = ["", ""]] = Object.entries(clause);
          const found = by === "_count" ? a.doc_count - b.doc_count : byKey(a, b);
          if (found !== 0) return direction === "desc" ? -found : found;
        }
        return 0;
      });
      return { buckets: buckets.slice(0, Number(settings["size"])) };
    }
    case "histogram": {
      const step = Number(settings["interval"]);
      return { buckets: listed(countBy(field, (value) => Math.floor(Number(value) / step) * step)).sort(byKey) };
    }
    case "date_histogram": {
      if (settings["calendar_interval"] !== "year") throw new Refusal("illegal_argument_exception", "only years here");
      const year = (value: unknown): number => Date.UTC(new Date(String(value)).getUTCFullYear(), 0, 1);
      return { buckets: listed(countBy(field, year)).sort(byKey) };
    }
    case "range":
    case "date_range": {
      const ranges = settings["ranges"] as { from?: unknown; to?: unknown }[];
      return {
        buckets: ranges.map(({ from, to }) => {
          const bounds = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) };
          return {
            doc_count: documents.filter((one) => valuesAt(corpus, one, field).some((value) => within(value, bounds)))
              .length,
          };
        }),
      };
    }
    case "composite": {
      const [source] = settings["sources"] as { value: { terms: { field: string } } }[];
      const all = listed(countBy(source!.value.terms.field, keyOf)).sort(byKey);
      const after = (settings["after"] as { value: string } | undefined)?.value;
      const rest = after === undefined ? all : all.filter(({ key }) => (key as string) > after);
      const buckets = rest
        .slice(0, Number(settings["size"]))
        .map(({ key, doc_count: count }) => ({ key: { value: key }, doc_count: count }));
      const last = buckets.at(-1);
      return { buckets, ...(last ? { after_key: last.key } : {}) };
    }
    default:
      throw new Refusal("parsing_exception", `Unknown aggregation type [${kind}]`);
  }
}
