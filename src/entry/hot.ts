// The paths that programs call thousands of times: no framework in between.

import { uuid } from "../base/id.ts";
import type { Logger } from "../base/log.ts";
import { clientIdOf } from "../endpoint/caller.ts";
import type { OnlineEndpoint } from "../endpoint/endpoint.ts";
import type { Journal } from "../endpoint/log/journal.ts";
import type { ServedRequest, ServedResponse } from "../network/served-exchange.ts";
import type { Meter } from "../trace/meter.ts";

export interface Hot {
  request: ServedRequest;
  response: ServedResponse;
  /** Path without the query. */
  path: string;
  requestId: string;
  /** Headers of every answer to it. They go out with its head: set before, they make a head three times as slow. */
  ids: Readonly<Record<string, string>>;
  /** For what is told of few calls: it is made when it is asked for, which costs as much as a line. */
  log: Logger;
  /** The line that every call leaves. */
  note(fields: object, message: string): void;
}

/** A call as the routes get it. */
export function hotCall(request: ServedRequest, response: ServedResponse, log: Logger): Hot {
  return new HotCall(request, response, log);
}

/** A class, since an object that is written down with a getter is made ten times as slowly. */
class HotCall implements Hot {
  readonly request: ServedRequest;
  readonly response: ServedResponse;
  readonly path: string;
  // Ours, whatever was sent: an id that callers make up proves nothing. Theirs is the other one.
  readonly requestId = uuid();
  readonly ids: Readonly<Record<string, string>>;
  readonly #log: Logger;

  constructor(request: ServedRequest, response: ServedResponse, log: Logger) {
    this.request = request;
    this.response = response;
    this.path = request.url?.split("?", 1)[0] ?? "/";
    this.#log = log;
    const { requestId } = this;
    const clientId = clientIdOf(request.headers);
    this.ids =
      clientId === undefined
        ? { "x-request-id": requestId }
        : { "x-request-id": requestId, "x-ms-client-request-id": clientId };
  }

  get log(): Logger {
    return this.#log.child({ requestId: this.requestId });
  }

  note(fields: object, message: string): void {
    this.#log.info({ requestId: this.requestId, ...fields }, message);
  }
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
