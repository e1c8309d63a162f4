// The paths that programs call thousands of times: plain `node:http`, no framework in between.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../base/log.ts";
import type { OnlineEndpoint } from "../endpoint/endpoint.ts";
import type { Journal } from "../endpoint/log/journal.ts";
import type { Meter } from "../trace/meter.ts";

export interface Hot {
  request: IncomingMessage;
  response: ServerResponse;
  /** Path without the query. */
  path: string;
  requestId: string;
  log: Logger;
}

/** A call as the routes get it. Its logger is made for who writes a line only: that costs as much as the line. */
export function hotCall(request: IncomingMessage, response: ServerResponse, { requestId, log }: HotOrigin): Hot {
  return {
    request,
    response,
    path: request.url?.split("?", 1)[0] ?? "/",
    requestId,
    get log() {
      return log.child({ requestId });
    },
  };
}

interface HotOrigin {
  requestId: string;
  log: Logger;
}

export interface HotContext {
  endpoints: ReadonlyMap<string, OnlineEndpoint>;
  /** Undefined when metrics go nowhere. */
  meter?: Meter | undefined;
  /** Where calls are written down; nowhere when absent. */
  journal?: Journal | undefined;
  version: string;
  bodyLimit: number;
}

/** Answers when the path is its own, and says whether it was. */
export type HotRoute<Context = HotContext> = (hot: Hot, context: Context) => Promise<void> | undefined;
