import type { FastifyReply, FastifyRequest } from "fastify";
import { FlowsteadError } from "../../base/error/error.ts";
import type { DocumentCatalog } from "../../search/document/catalog.ts";
import type { Viewer } from "../../search/document/permission.ts";
import type { SearchPath } from "./search-path.ts";

/** One call to the search service that names an index, an alias or a synonym map. */
export interface SearchCall {
  request: FastifyRequest;
  reply: FastifyReply;
  catalog: DocumentCatalog;
  path: SearchPath & { name: string };
  /** Query parameters, read through one escaping too many, which an official client makes. */
  parameter(name: string): string | undefined;
  signal: AbortSignal;
  /** Who asks, so that what they may not see is left out of every answer. */
  viewer: Viewer;
}

export function bodyOf({ body }: FastifyRequest): Record<string, unknown> {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new FlowsteadError("InvalidRequest", "The body must be a JSON object.");
}

export function wrongMethod({ method, url }: FastifyRequest): FlowsteadError {
  return new FlowsteadError("MethodNotAllowed", `${method} is not possible at ${url.split("?", 1)[0]}.`);
}
