// A stand-in for OpenSearch: a real HTTP server that carries out what it is asked, over documents in memory.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { aggregate } from "./aggregation.ts";
import {
  analyze,
  comparable,
  compile,
  type Corpus,
  type Json,
  type Property,
  propertyAt,
  Refusal,
  valuesAt,
} from "./query.ts";

export interface FakeOpenSearch {
  url: string;
  /** What was asked, newest last. */
  requests: { method: string; path: string; body: unknown }[];
  /** The next answers, in place of its own: a status with its headers. */
  faults: { status: number; headers?: Record<string, string>; body?: unknown }[];
  close(): Promise<void>;
}

export interface FakeOptions {
  /** `name:password`. */
  login?: string;
  tls?: { key: string; cert: string };
}

interface FakeIndex {
  mappings: Json & { properties: Record<string, Property> };
  documents: Map<string, Json>;
}

interface Reply {
  status: number;
  body: unknown;
}

const WINDOW = 10_000;

export async function startFakeOpenSearch({ login, tls }: FakeOptions = {}): Promise<FakeOpenSearch> {
  const indexes = new Map<string, FakeIndex>();
  const requests: FakeOpenSearch["requests"] = [];
  const faults: FakeOpenSearch["faults"] = [];
  const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await bodyOf(request);
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    const isBulk = path.endsWith("/_bulk");
    const body: unknown = text === "" ? undefined : isBulk ? text : JSON.parse(text);
    requests.push({ method: request.method!, path: request.url!, body });
    const fault = faults.shift();
    let reply: Reply & { headers?: Record<string, string> };
    try {
      if (fault) reply = { body: { error: { type: "fault", reason: "injected" } }, ...fault };
      else if (expected !== undefined && request.headers.authorization !== expected)
        reply = { status: 401, body: "Unauthorized" };
      else reply = carryOut(indexes, { method: request.method!, path, query, body });
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      const cause = { type: thrown.type, reason: thrown.message };
      const status = thrown.type === "index_not_found_exception" ? 404 : 400;
      reply = { status, body: { error: { root_cause: [cause], ...cause }, status } };
    }
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(JSON.stringify(reply.body));
  };
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    requests,
    faults,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function carryOut(
  indexes: Map<string, FakeIndex>,
  { method, path, query, body }: { method: string; path: string; query: string; body: unknown },
): Reply {
  const [name = "", operation, id = ""] = path.split("/").slice(1).map(decodeURIComponent);
  const find = (): FakeIndex => {
    const found = indexes.get(name);
    if (!found) throw new Refusal("index_not_found_exception", `no such index [${name}]`);
    return found;
  };
  const ok = (answer: unknown): Reply => ({ status: 200, body: answer });
  if (operation === undefined) {
    if (method === "DELETE") return find() && indexes.delete(name) ? ok({ acknowledged: true }) : ok({});
    if (indexes.has(name)) throw new Refusal("resource_already_exists_exception", `index [${name}] already exists`);
    const { mappings } = body as { mappings: FakeIndex["mappings"] };
    indexes.set(name, { mappings, documents: new Map() });
    return ok({ acknowledged: true, index: name });
  }
  switch (operation) {
    case "_mapping": {
      if (method === "PUT") {
        const index = find();
        const { properties, ...rest } = body as FakeIndex["mappings"];
        index.mappings = { ...index.mappings, ...rest, properties: { ...index.mappings.properties, ...properties } };
        return ok({ acknowledged: true });
      }
      const pattern = new RegExp(`^${name.replaceAll("*", ".*")}$`);
      if (!name.includes("*")) find();
      const found = [...indexes].filter(([one]) => pattern.test(one));
      return ok(Object.fromEntries(found.map(([one, { mappings }]) => [one, { mappings }])));
    }
    case "_doc": {
      if (method === "PUT") {
        const index = indexes.get(name) ?? { mappings: { properties: {} }, documents: new Map<string, Json>() };
        indexes.set(name, index);
        index.documents.set(id, body as Json);
        return ok({ result: "updated" });
      }
      const document = indexes.get(name)?.documents.get(id);
      return document ? ok({ found: true, _source: document }) : { status: 404, body: { found: false } };
    }
    case "_bulk":
      if (!query.includes("refresh=wait_for")) throw new Refusal("illegal_argument_exception", "not refreshed");
      return ok(bulk(find(), body as string));
    case "_count": {
      const corpus = corpusOf(find());
      return ok({ count: found((body as Json)["query"] ?? { match_all: {} }, corpus).length });
    }
    case "_search":
      return ok(search(corpusOf(find()), body as Json));
    case "_stats":
      find();
      return ok({ _all: { primaries: { store: { size_in_bytes: 4096 } } } });
    default:
      throw new Refusal("invalid_request", `no handler for ${method} ${path}`);
  }
}

function corpusOf({ mappings: { properties }, documents }: FakeIndex): Corpus {
  return { properties, documents };
}

function bulk({ mappings: { properties }, documents }: FakeIndex, text: string): Json {
  const lines = text.split("\n");
  if (lines.pop() !== "")
    throw new Refusal("illegal_argument_exception", "The bulk request must be terminated by a newline");
  const items: Json[] = [];
  const take = (): Json => JSON.parse(lines.shift()!) as Json;
  const strict = (document: Json): Json | undefined => {
    const stranger = Object.keys(document).find((name) => !properties[name]);
    return stranger === undefined
      ? undefined
      : { type: "strict_dynamic_mapping_exception", reason: `introduction of [${stranger}] is not allowed` };
  };
  while (lines.length > 0) {
    const [[action, target] = ["", {}]] = Object.entries(take());
    const key = (target as { _id: string })._id;
    const before = documents.get(key);
    if (action === "delete") {
      documents.delete(key);
      items.push({ delete: { _id: key, status: before ? 200 : 404 } });
      continue;
    }
    const given = take();
    const document = action === "update" ? (given["doc"] as Json) : given;
    const error = strict(document);
    if (error) items.push({ [action]: { _id: key, status: 400, error } });
    else if (action === "update" && !before && given["doc_as_upsert"] !== true)
      items.push({ update: { _id: key, status: 404, error: { type: "document_missing_exception", reason: key } } });
    else {
      documents.set(key, action === "update" ? merged(before ?? {}, document) : document);
      items.push({ [action]: { _id: key, status: before ? 200 : 201 } });
    }
  }
  return { errors: items.some((item) => "error" in (Object.values(item)[0] as Json)), items };
}

function merged(before: Json, given: Json): Json {
  const isObject = (value: unknown): value is Json =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = Object.entries(given).map(([name, value]) => {
    const old = before[name];
    return [name, isObject(old) && isObject(value) ? merged(old, value) : value] as const;
  });
  return { ...before, ...Object.fromEntries(entries) };
}

function found(query: unknown, corpus: Corpus): { id: string; document: Json; score: number }[] {
  const test = compile(query, corpus);
  return [...corpus.documents].flatMap(([id, document]) => {
    const score = test(document, id);
    return score === undefined ? [] : [{ id, document, score }];
  });
}

const KNOWN = [
  "query",
  "sort",
  "track_scores",
  "track_total_hits",
  "aggs",
  "highlight",
  "_source",
  "from",
  "size",
  "search_after",
];

function search(corpus: Corpus, body: Json): Json {
  const stranger = Object.keys(body).find((name) => !KNOWN.includes(name));
  if (stranger) throw new Refusal("parsing_exception", `Unknown key for a VALUE in [${stranger}].`);
  const { from = 0, size = 10 } = body as { from?: number; size?: number };
  if (from + size > WINDOW) throw new Refusal("illegal_argument_exception", "Result window is too large");
  const sort = (body["sort"] ?? [{ _score: { order: "desc" } }]) as Record<
    string,
    { order: string; missing?: string }
  >[];
  const hits = found(body["query"], corpus).map((hit) => ({
    ...hit,
    sort: sort.map((one) => placeOf(hit, one, corpus)),
  }));
  const order = (a: readonly unknown[], b: readonly unknown[]): number => {
    for (const [at, clause] of sort.entries()) {
      const difference = compare(a[at], b[at], Object.values(clause)[0]!);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  hits.sort((a, b) => order(a.sort, b.sort));
  const after = body["search_after"] as unknown[] | undefined;
  const rest = after ? hits.filter((hit) => order(hit.sort, after) > 0) : hits;
  const total = { value: body["track_total_hits"] === false ? Math.min(hits.length, 1) : hits.length, relation: "eq" };
  return {
    hits: {
      ...(body["track_total_hits"] === false ? {} : { total }),
      hits: rest.slice(from, from + size).map(({ id, document, score, sort: place }) => ({
        _id: id,
        _score: score,
        ...(body["_source"] === false ? {} : { _source: picked(document, body["_source"]) }),
        sort: place,
        ...highlighted(document, body, corpus),
      })),
    },
    ...(body["aggs"]
      ? {
          aggregations: aggregate(
            body["aggs"] as Json,
            hits.map(({ document }) => document),
            corpus,
          ),
        }
      : {}),
  };
}

function placeOf(
  { document, score }: { document: Json; score: number },
  clause: Record<string, { missing?: string }>,
  corpus: Corpus,
): unknown {
  const [[path] = [""]] = Object.entries(clause);
  if (path === "_score") return score;
  if (propertyAt(corpus, path)?.type === "text")
    throw new Refusal("illegal_argument_exception", `Text fields are not optimised for sorting: [${path}]`);
  const [value] = valuesAt(corpus, document, path);
  return value === undefined ? null : comparable(value);
}

function compare(a: unknown, b: unknown, { order, missing }: { order: string; missing?: string }): number {
  if (a === b) return 0;
  if (a === null || b === null) return (a === null) === (missing === "_first") ? -1 : 1;
  const found = a! < b! ? -1 : 1;
  return order === "desc" ? -found : found;
}

function picked(document: Json, source: unknown): Json {
  if (!Array.isArray(source)) return document;
  const tops = new Set(source.map((path) => String(path).split(".")[0]));
  return Object.fromEntries(Object.entries(document).filter(([name]) => tops.has(name)));
}

function highlighted(document: Json, { highlight, query }: Json, corpus: Corpus): Json {
  if (!highlight) return {};
  const {
    fields,
    pre_tags: [open],
    post_tags: [close],
  } = highlight as {
    fields: Json;
    pre_tags: string[];
    post_tags: string[];
  };
  const words = new Set(Array.from(JSON.stringify(query).matchAll(/"query":"([^"]*)"/g), ([, text]) => text!));
  const marks = Object.keys(fields).flatMap((path) => {
    const property = propertyAt(corpus, path);
    const wanted = new Set([...words].flatMap((text) => analyze(property, text)));
    const texts = valuesAt(corpus, document, path).map((value) =>
      String(value).replaceAll(/[\p{L}\p{N}]+/gu, (word) =>
        analyze(property, word).some((term) => wanted.has(term)) ? `${open}${word}${close}` : word,
      ),
    );
    const found = texts.filter((text) => text.includes(open!));
    return found.length > 0 ? [[path, found] as const] : [];
  });
  return marks.length > 0 ? { highlight: Object.fromEntries(marks) } : {};
}
