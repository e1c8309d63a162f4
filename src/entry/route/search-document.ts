// What is asked of one index: searches, suggestions, batches, single documents, counts.

import { FlowsteadError } from "../../base/error/error.ts";
import type { DocumentAction, DocumentIndex, ReadOptions } from "../../search/document/document-index.ts";
import { fieldAnalyzer, isAnalyzerName } from "../../search/document/field-analyzer.ts";
import { permitted } from "../../search/document/permission.ts";
import { type SearchAnswer, readBody, readSearch, suggestBody } from "../../search/document/request.ts";
import { type SearchCall, bodyOf, wrongMethod } from "./search-call.ts";

const LARGEST_BATCH = 32_000;
const ACTIONS = ["upload", "merge", "mergeOrUpload", "delete"];
/** GET has one spelling for parameters whose POST form has another type. */
const NUMBERS = ["top", "skip", "minimumCoverage"];

export async function documentCall(call: SearchCall): Promise<unknown> {
  const { request, catalog, path, signal } = call;
  const [what, ...rest] = path.rest;
  if (what === "analyze") return analyze(call);
  const index = await catalog.open(path.name);
  const seen: ReadOptions = { signal, within: permitted(index.schema, call.viewer) };
  if (what === "stats") return index.statistics(signal);
  if (what !== "docs")
    throw new FlowsteadError("NotFound", `There is no ${request.method} ${request.url.split("?", 1)[0]}.`);
  const [operation] = rest;
  if (operation === "$count") return call.reply.type("text/plain").send(String(await index.count(seen)));
  const isPost = request.method === "POST";
  if (isPost && operation === "index") return write(call, index);
  if (operation === undefined || (operation === "search" && isPost)) {
    if (!isPost && request.method !== "GET") throw wrongMethod(request);
    return search(call, index, seen);
  }
  if ((isPost || call.parameter("suggesterName") !== undefined) && operation === "suggest") {
    return { value: await index.suggest(readBody(suggestBody, parametersOf(call)), seen) };
  }
  if ((isPost || call.parameter("suggesterName") !== undefined) && operation === "autocomplete") {
    return { value: await index.autocomplete(readBody(suggestBody, parametersOf(call)), seen) };
  }
  if (request.method !== "GET") throw wrongMethod(request);
  const found = await index.get(operation, call.parameter("select"), seen);
  if (found) return found;
  throw new FlowsteadError("NotFound", `The index '${path.name}' has no document '${operation}'.`);
}

async function search(call: SearchCall, index: DocumentIndex, seen: ReadOptions): Promise<unknown> {
  const body = readSearch(parametersOf(call));
  const answer = await index.search(body, seen);
  if (answer.notes.length > 0) void call.reply.header("x-flowstead-search", answer.notes.join("; "));
  return wire(answer, { coverage: body.minimumCoverage ?? undefined, link: call.request });
}

function wire(
  { count, facets, answers, value, next }: SearchAnswer,
  { coverage, link }: { coverage: number | undefined; link: SearchCall["request"] },
): Record<string, unknown> {
  return {
    ...(count === undefined ? {} : { "@odata.count": count }),
    ...(coverage === undefined ? {} : { "@search.coverage": 100 }),
    ...(facets ? { "@search.facets": facets } : {}),
    ...(answers ? { "@search.answers": answers } : {}),
    // Who asks by GET goes on by the link alone.
    ...(next && link.method === "POST" ? { "@search.nextPageParameters": next } : {}),
    value,
    ...(next ? { "@odata.nextLink": nextLink(link, next) } : {}),
  };
}

function nextLink({ protocol, host, url, method }: SearchCall["request"], next: Record<string, unknown>): string {
  const [address = "", query = ""] = url.split("?", 2);
  if (method === "POST") return `${protocol}://${host}${url}`;
  const isPlace = /^(?:\$|%24)?(?:skip|top)=/;
  const rest = query.split("&").filter((part) => part !== "" && !isPlace.test(part));
  const place = ["skip", "top"].flatMap((name) => (next[name] === undefined ? [] : [`$${name}=${Number(next[name])}`]));
  return `${protocol}://${host}${address}?${[...rest, ...place].join("&")}`;
}

/** The body, or for GET the query's parameters in the body's form. */
function parametersOf({ request, parameter }: SearchCall): Record<string, unknown> {
  if (request.method === "POST") return bodyOf(request);
  const [, query = ""] = request.url.split("?", 2);
  const found: Record<string, unknown> = {};
  const repeated: Record<string, string[]> = {};
  for (const [given, value] of new URLSearchParams(query)) {
    const name = given.replace(/^\$/, "");
    if (name === "api-version") continue;
    if (name === "facet") (repeated["facets"] ??= []).push(value);
    else if (name === "scoringParameter") (repeated["scoringParameters"] ??= []).push(value);
    else if (NUMBERS.includes(name)) found[name] = Number(value);
    else if (name === "count" || name === "fuzzy") found[name] = value === "true";
    else found[name] = parameter(name) ?? value;
  }
  return { ...found, ...repeated };
}

async function write({ request, reply, signal }: SearchCall, index: DocumentIndex): Promise<unknown> {
  const { value } = bodyOf(request);
  if (!Array.isArray(value) || value.length === 0) {
    throw new FlowsteadError(
      "InvalidRequest",
      "The request is invalid. No indexing actions found in the request: `value` must be a list of documents.",
    );
  }
  if (value.length > LARGEST_BATCH) {
    throw new FlowsteadError(
      "PayloadTooLarge",
      `A batch may have ${LARGEST_BATCH} actions and this one has ${value.length}.`,
    );
  }
  const actions = value.map((given: unknown, at): DocumentAction => {
    if (typeof given !== "object" || given === null)
      throw new FlowsteadError("InvalidRequest", `Action ${at} is no document.`);
    const { "@search.action": action = "upload", ...document } = given as Record<string, unknown>;
    if (typeof action !== "string" || !ACTIONS.includes(action)) {
      throw new FlowsteadError(
        "InvalidRequest",
        `Action ${at}: '@search.action' must be one of ${ACTIONS.join(", ")}.`,
      );
    }
    return { action: action as DocumentAction["action"], document };
  });
  const results = await index.write(actions, signal);
  const isWhole = results.every(({ error }) => error === undefined);
  return reply.code(isWhole ? 200 : 207).send({
    value: results.map(({ key, statusCode, error }) => ({
      key,
      status: error === undefined,
      errorMessage: error ?? null,
      statusCode,
    })),
  });
}

async function analyze({ request, catalog, path }: SearchCall): Promise<unknown> {
  if (request.method !== "POST") throw wrongMethod(request);
  await catalog.read(path.name);
  const { text, analyzer } = bodyOf(request);
  if (typeof text !== "string" || typeof analyzer !== "string" || !isAnalyzerName(analyzer)) {
    throw new FlowsteadError(
      "InvalidRequest",
      "The body needs `text` and the name of a supported `analyzer`; tokenizers and filters by themselves are not supported.",
    );
  }
  const tokens = fieldAnalyzer(analyzer)(text).map(({ term, start, end }, position) => ({
    token: term,
    startOffset: start,
    endOffset: end,
    position,
  }));
  return { tokens };
}
