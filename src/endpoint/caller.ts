// Who calls, as the headers of a request say: its ids, which the answer carries back, and its trace.

import type { IncomingHttpHeaders } from "node:http";
import { uuid } from "../base/id.ts";
import { type TraceContext, parseTraceparent } from "../base/trace-context.ts";

export interface Caller {
  /** The original's rule: `x-request-id`, else `x-ms-client-request-id`, else a new one. */
  requestId: string;
  /** For the answer. */
  headers: Record<string, string>;
  trace: TraceContext | undefined;
}

/** Harmless in a log, a header and a file name. */
const ID = /^[\w.:+=@/-]{1,256}$/;

export function callerOf(headers: IncomingHttpHeaders): Caller {
  const given = idIn(headers["x-request-id"]);
  const client = idIn(headers["x-ms-client-request-id"]) ?? given;
  const requestId = given ?? client ?? uuid();
  return {
    requestId,
    headers: {
      "x-request-id": requestId,
      ...(client === undefined ? {} : { "x-ms-client-request-id": client }),
    },
    trace: traceOf(headers),
  };
}

/** The caller's own id as a managed endpoint hands it on: letters, digits, hyphens and underscores, 40 at most. */
export function clientIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers["x-ms-client-request-id"];
  if (typeof given !== "string") return undefined;
  const clean = given.replace(/[^\w-]+/g, "").slice(0, 40);
  return clean === "" ? undefined : clean;
}

function idIn(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" && ID.test(value) ? value : undefined;
}

/** Undefined without a valid `traceparent`: then the other two mean nothing, or only what a new trace would lose. */
export function traceOf(headers: IncomingHttpHeaders): TraceContext | undefined {
  const { traceparent, tracestate, baggage } = headers;
  if (typeof traceparent !== "string" || !parseTraceparent(traceparent)) return undefined;
  return {
    traceparent,
    ...(typeof tracestate === "string" ? { tracestate } : {}),
    ...(typeof baggage === "string" ? { baggage } : {}),
  };
}
