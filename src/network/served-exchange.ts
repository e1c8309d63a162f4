// A request and its answer as handlers of hot paths get them: node's own, or those of the front, which have the members that
// such handlers use.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { PlainResponse } from "./plain-response.ts";

/** One that has come whole. */
export interface PlainRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** Empty: no name stands twice. */
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
  readonly whole: Buffer;
}

export type ServedRequest = IncomingMessage | PlainRequest;
export type ServedResponse = ServerResponse | PlainResponse;
