// What the routes of the control plane share: ARM's error bodies, pages of lists, and operations that take their time.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorBody, type ErrorCode, FlowsteadError } from "../../base/error/error.ts";
import type { ArmPlace } from "../../endpoint/control/arm-endpoint.ts";
import type { OnlineControl } from "../../endpoint/control/online-control.ts";
import type { Operation, Operations } from "../../endpoint/control/operation.ts";
import type { Journal } from "../../endpoint/log/journal.ts";
import type { PlainMap } from "../../endpoint/specification/write-specification.ts";

export const WORKSPACE =
  "/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.MachineLearningServices/workspaces/:workspace";
const LOCATION = "/subscriptions/:subscription/providers/Microsoft.MachineLearningServices/locations/:location";

export interface ManagementContext {
  control: OnlineControl;
  journal: Journal;
  operations: Operations;
}

/** ARM's words for failures; what it has none for keeps its own. */
const CODES: Partial<Record<ErrorCode, string>> = {
  NotFound: "ResourceNotFound",
  Unauthorized: "InvalidAuthenticationToken",
  InvalidSpecification: "UserError",
  InvalidRequest: "BadRequest",
  Unexpected: "InternalServerError",
};

export function armError(thrown: unknown, reply: FastifyReply): FastifyReply {
  const status = (thrown as { statusCode?: number }).statusCode;
  const isRefusal = !(thrown instanceof FlowsteadError) && status !== undefined && status < 500;
  const error = isRefusal
    ? new FlowsteadError("InvalidRequest", (thrown as Error).message, { status })
    : FlowsteadError.from(thrown);
  if (error.status === 401) reply.header("www-authenticate", 'Bearer realm="flowstead"');
  return reply.code(error.status).send({ error: errorOf(error.toBody()) });
}

function errorOf({ code, message }: ErrorBody): PlainMap {
  const text = code === "Unexpected" ? "Something went wrong; see the log of the system." : message;
  return { code: CODES[code] ?? code, message: text, details: [], additionalInfo: [] };
}

/** Everything of the address before `/onlineEndpoints`, and the server's own. */
export function placeOf(request: FastifyRequest): ArmPlace {
  const [path = ""] = request.url.split("?", 1);
  return {
    workspace: decodeURI(path.slice(0, Math.max(0, path.indexOf("/onlineEndpoints")))),
    host: `${request.protocol}://${request.headers.host ?? "127.0.0.1"}`,
  };
}

const LARGEST_PAGE = 100;

/** One page with the address of the next; `count` or `$top` says how many, `$skip` how many were seen. */
export function page(request: FastifyRequest, items: readonly PlainMap[]): PlainMap {
  const query = request.query as Record<string, string | undefined>;
  const skip = wholeOf(query["$skip"] ?? "0", "$skip");
  const size = Math.min(LARGEST_PAGE, wholeOf(query["count"] ?? query["$top"] ?? String(LARGEST_PAGE), "count"));
  const value = items.slice(skip, skip + size);
  if (skip + value.length >= items.length || size === 0) return { value };
  const next = new URL(request.url, placeOf(request).host);
  next.searchParams.set("$skip", String(skip + size));
  // The official clients know a parameter again by its plain name only, and send one that they do not a second time.
  return { value, nextLink: next.href.replaceAll("%24", "$") };
}

const ORDERS = ["CreatedAtAsc", "CreatedAtDesc", "UpdatedAtAsc", "UpdatedAtDesc"];

/** In the order asked for, else as they are: by name. @throws FlowsteadError `InvalidRequest` for an order that there is not. */
export function ordered<T extends { createdAt: number; updatedAt: number }>(
  records: readonly T[],
  asked: string | undefined,
): readonly T[] {
  if (!asked) return records;
  const order = ORDERS.find((one) => one.toLowerCase() === asked.toLowerCase());
  if (order === undefined) {
    throw new FlowsteadError("InvalidRequest", `orderBy=${asked} is none of ${ORDERS.join(", ")}.`);
  }
  const time = order.startsWith("Created") ? "createdAt" : "updatedAt";
  const sign = order.endsWith("Asc") ? 1 : -1;
  return records.toSorted((a, b) => sign * (a[time] - b[time]));
}

function wholeOf(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new FlowsteadError("InvalidRequest", `${name}=${text} is not a whole number.`);
}

/** A JSON merge patch (RFC 7396): null takes away, mappings are merged, all else replaces. */
export function merged(base: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch;
  const result: PlainMap = isPlain(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

function isPlain(value: unknown): value is PlainMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells where an operation can be asked for. */
export function announce(request: FastifyRequest, reply: FastifyReply, operation: Operation): void {
  const { subscription } = request.params as { subscription: string };
  const { host } = placeOf(request);
  const version = encodeURIComponent(String((request.query as Record<string, string>)["api-version"]));
  const base = `${host}/subscriptions/${encodeURIComponent(subscription)}/providers/Microsoft.MachineLearningServices/locations/local`;
  reply.headers({
    "azure-asyncoperation": `${base}/mfeOperationsStatus/${operation.id}?api-version=${version}`,
    location: `${base}/mfeOperationResults/${operation.id}?api-version=${version}`,
    "retry-after": "1",
  });
}

export function operationRoutes(app: FastifyInstance, operations: Operations): void {
  const find = (id: string): Operation => {
    const operation = operations.find(id);
    if (operation) return operation;
    throw new FlowsteadError("NotFound", `There is no operation "${id}".`);
  };
  app.get<{ Params: { id: string } }>(`${LOCATION}/mfeOperationsStatus/:id`, async (request, reply) => {
    const { id, status, startedAt, endedAt, error } = find(request.params.id);
    if (status === "InProgress") reply.header("retry-after", "1");
    return {
      id: request.url.split("?", 1)[0],
      name: id,
      status,
      startTime: new Date(startedAt).toISOString(),
      ...(endedAt === undefined ? {} : { endTime: new Date(endedAt).toISOString() }),
      ...(error ? { error: errorOf(error) } : {}),
    };
  });
  app.get<{ Params: { id: string } }>(`${LOCATION}/mfeOperationResults/:id`, async (request, reply) => {
    const { status, error, result } = find(request.params.id);
    if (status === "InProgress") {
      return reply
        .code(202)
        .headers({ location: `${placeOf(request).host}${request.url}`, "retry-after": "1" })
        .send();
    }
    if (error) throw FlowsteadError.fromBody(error);
    // What a change has made: clients that began it by PATCH look for it here.
    if (result) return result();
    return reply.code(204).send();
  });
}
