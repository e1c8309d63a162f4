// The search service in the REST form of Azure AI Search, so that its clients work unchanged.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { IncomingHttpHeaders } from "node:http";
import { FlowsteadError } from "../../base/error/error.ts";
import { bearerToken } from "../../identity/bearer-token.ts";
import { clientSignal } from "../../endpoint/exchange.ts";
import type { DocumentCatalog, ExtraKind } from "../../search/document/catalog.ts";
import type { StoredIndex } from "../../search/document/document-store.ts";
import { STRANGER, type Viewer } from "../../search/document/permission.ts";
import { allowEmptyJson } from "../json-body.ts";
import { documentCall } from "./search-document.ts";
import { type SearchCall, bodyOf, wrongMethod } from "./search-call.ts";
import type { SearchKeys, SearchRight } from "./search-key.ts";
import { type SearchPath, searchPath } from "./search-path.ts";

export interface SearchRouteOptions {
  catalog: DocumentCatalog;
  keys: SearchKeys;
  /** Who a person's token names; absent where no issuer of tokens is trusted. @throws what is wrong with the token. */
  person?: ((token: string) => Promise<Viewer>) | undefined;
}

const PATHS = ["indexes", "synonymmaps", "aliases", "servicestats"];
const ABSENT = ["indexers", "datasources", "skillsets", "knowledgebases", "knowledgesources"];

/** `/indexes`, `/synonymmaps`, `/aliases` and `/servicestats`, by key or by a token with a role. */
export async function searchRoutes(app: FastifyInstance, options: SearchRouteOptions): Promise<void> {
  allowEmptyJson(app);
  for (const name of [...PATHS, ...ABSENT]) {
    app.all(`/${name}*`, async (request, reply) => answer(request, reply, options));
  }
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { catalog, keys, person }: SearchRouteOptions,
): Promise<unknown> {
  const [address = "", query = ""] = request.url.split("?", 2);
  const path = readPath(address);
  const parameters = new URLSearchParams(query.replaceAll(/%25(?=[0-9A-Fa-f]{2})/g, "%"));
  await keys.check(request.headers, rightFor(request.method, path));
  if (ABSENT.includes(path.collection)) {
    throw new FlowsteadError(
      "NotFound",
      `${path.collection} are not supported by this service: index documents with the client or with \`flowstead index add\`.`,
    );
  }
  const viewer = await viewerOf(request.headers, { keys, person });
  void reply.header("request-id", request.id).header("odata-version", "4.0");
  const call = {
    request,
    reply,
    catalog,
    parameter: (name: string) => parameters.get(`$${name}`) ?? parameters.get(name) ?? undefined,
    signal: clientSignal(reply.raw),
    viewer,
  };
  if (path.collection === "servicestats") return serviceStatistics(catalog);
  if (path.name === undefined) return collectionCall({ ...call, path });
  const named = { ...call, path: { ...path, name: path.name } };
  if (path.rest.length === 0) return definitionCall(named);
  if (path.collection === "indexes") return documentCall(named);
  throw new FlowsteadError("NotFound", `There is no ${request.method} ${address}.`);
}

/**
 * By the person's token beside the key, as in Azure AI Search. Without one, only what is for everyone is seen, unless the
 * keeper asks to see all, with the admin key or as who may write.
 */
async function viewerOf(
  headers: IncomingHttpHeaders,
  { keys, person }: Pick<SearchRouteOptions, "keys" | "person">,
): Promise<Viewer> {
  const token = one(headers["x-ms-query-source-authorization"]);
  if (token !== undefined) {
    if (person) return person(bearerToken(token) ?? token);
    const why = "x-ms-query-source-authorization: no issuer of tokens is trusted here (`identity.issuers`).";
    throw new FlowsteadError("Unauthorized", why);
  }
  if (one(headers["x-ms-enable-elevated-read"])?.toLowerCase() !== "true") return STRANGER;
  await keys.check(headers, "write");
  return "all";
}

function rightFor(method: string, { collection, rest }: SearchPath): SearchRight {
  if (collection !== "indexes" || rest[0] !== "docs") return "manage";
  return method === "GET" || rest[1] !== "index" ? "read" : "write";
}

function readPath(address: string): SearchPath {
  let path: SearchPath | undefined;
  try {
    path = searchPath(address);
  } catch {
    // A broken escape names nothing.
  }
  if (!path) throw new FlowsteadError("NotFound", `There is nothing at ${address}.`);
  return path;
}

type CollectionCall = Omit<SearchCall, "path"> & { path: SearchPath };

async function collectionCall({ request, reply, catalog, path, parameter }: CollectionCall): Promise<unknown> {
  const { collection } = path;
  if (request.method === "GET") {
    const all = collection === "indexes" ? await catalog.list() : await catalog.extras(collection as ExtraKind);
    const names = parameter("select")?.split(",");
    const value = all.map((one) => {
      const shown = withEtag(one);
      return names && !names.includes("*") ? Object.fromEntries(names.map((name) => [name, shown[name]])) : shown;
    });
    return { value };
  }
  if (request.method !== "POST") throw wrongMethod(request);
  const { index } = await write({ catalog, path, body: bodyOf(request), condition: { mustBeNew: true } });
  return reply.code(201).send(withEtag(index));
}

async function definitionCall({ request, reply, catalog, path }: SearchCall): Promise<unknown> {
  const { collection, name } = path;
  const condition = { ifMatch: one(request.headers["if-match"]), ifNoneMatch: one(request.headers["if-none-match"]) };
  switch (request.method) {
    case "GET": {
      if (collection === "indexes") return withEtag(await catalog.read(name));
      const found = (await catalog.extras(collection as ExtraKind)).find(
        ({ definition }) => definition["name"] === name,
      );
      if (!found) throw new FlowsteadError("NotFound", `There is no ${collection} '${name}'.`);
      return withEtag(found);
    }
    case "PUT": {
      const { created, index } = await write({ catalog, path, body: { ...bodyOf(request), name }, condition });
      return reply.code(created ? 201 : 200).send(withEtag(index));
    }
    case "DELETE": {
      const existed =
        collection === "indexes"
          ? await catalog.remove(name, condition)
          : await catalog.removeExtra(collection as ExtraKind, name, condition);
      if (existed) return reply.code(204).send();
      throw new FlowsteadError("NotFound", `There is no '${name}' among the ${collection}.`);
    }
    default:
      throw wrongMethod(request);
  }
}

async function write({
  catalog,
  path: { collection },
  body,
  condition,
}: {
  catalog: DocumentCatalog;
  path: SearchPath;
  body: Record<string, unknown>;
  condition: Parameters<DocumentCatalog["put"]>[1];
}): ReturnType<DocumentCatalog["put"]> {
  const { "@odata.etag": _etag, "@odata.context": _context, ...definition } = body;
  if (collection === "indexes") return catalog.put(definition, condition);
  if (typeof definition["name"] !== "string" || !/^[a-z0-9][a-z0-9-]{0,127}$/.test(definition["name"])) {
    throw new FlowsteadError("InvalidRequest", "`name` must have lower-case letters, digits and hyphens, at most 128.");
  }
  const targets = definition["indexes"];
  if (collection === "aliases" && (!Array.isArray(targets) || targets.length !== 1 || typeof targets[0] !== "string")) {
    throw new FlowsteadError("InvalidRequest", "`indexes` of an alias must name exactly one index.");
  }
  return catalog.putExtra(collection as ExtraKind, definition, condition);
}

async function serviceStatistics(catalog: DocumentCatalog): Promise<unknown> {
  const indexes = await catalog.list();
  const all = await Promise.all(
    indexes.map(async ({ definition }) => (await catalog.open(String(definition["name"]))).statistics()),
  );
  const sum = (name: "documentCount" | "storageSize" | "vectorIndexSize"): number =>
    all.reduce((total, one) => total + one[name], 0);
  const counter = (usage: number): object => ({ usage, quota: null });
  return {
    counters: {
      documentCount: counter(sum("documentCount")),
      indexesCount: counter(indexes.length),
      indexersCount: counter(0),
      dataSourcesCount: counter(0),
      storageSize: counter(sum("storageSize")),
      synonymMaps: counter((await catalog.extras("synonymmaps")).length),
      skillsetCount: counter(0),
      vectorIndexSize: counter(sum("vectorIndexSize")),
      aliasesCount: counter((await catalog.extras("aliases")).length),
    },
    limits: {
      maxFieldsPerIndex: null,
      maxFieldNestingDepthPerIndex: null,
      maxComplexCollectionFieldsPerIndex: null,
      maxComplexObjectsInCollectionsPerDocument: null,
      maxStoragePerIndex: null,
    },
    indexersRuntime: { usedSeconds: 0, beginningTime: "1970-01-01T00:00:00Z", endingTime: "1970-01-01T00:00:00Z" },
  };
}

function withEtag({ definition, etag }: StoredIndex): Record<string, unknown> {
  return { "@odata.etag": etag, ...definition };
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
