// The heads of requests that mean one thing only. Whatever else HTTP/1.1 allows, and whatever it does not, is left to a
// reader that knows all of it: nothing is refused here.

import type { IncomingHttpHeaders } from "node:http";
import { HEADER_NAME } from "./http-answer.ts";

export interface RequestHead {
  method: "GET" | "POST";
  /** Path and query as they came. */
  target: string;
  headers: IncomingHttpHeaders;
  /** Bytes of the head, and of the body behind it. */
  headBytes: number;
  bodyBytes: number;
}

const END = Buffer.from("\r\n\r\n");
const MOST_HEAD = 8192;
const MOST_HEADERS = 64;
const LINE = /^(GET|POST) (\/[\w./:~@!$&'()*+,;=%?-]*) HTTP\/1\.1$/;
/** No bytes beyond ASCII: readers differ in what they make of them. */
const VALUE = /^[\t\x20-\x7e]*$/;
const LENGTH = /^(?:0|[1-9]\d{0,8})$/;
/** They change how the bytes that follow are to be read, or who answers. */
const OTHERS: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "trailer",
  "te",
  "upgrade",
  "expect",
  "proxy-connection",
  "keep-alive",
  "http2-settings",
]);
/** Callers use few names, always written alike. */
const names = new Map<string, string>();
const MOST_NAMES = 500;

/** @returns undefined for one that has not come whole, or that another reader must look at. */
export function readRequestHead(bytes: Buffer): RequestHead | undefined {
  const end = bytes.indexOf(END);
  if (end < 0 || end > MOST_HEAD) return undefined;
  const lines = bytes.toString("latin1", 0, end).split("\r\n");
  if (lines.length > MOST_HEADERS) return undefined;
  const [, method, target] = LINE.exec(lines[0] as string) ?? [];
  if (target === undefined) return undefined;
  const headers: IncomingHttpHeaders = {};
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] as string;
    const colon = line.indexOf(":");
    const name = nameOf(line.slice(0, Math.max(0, colon)));
    const value = line.slice(colon + 1);
    // Of a name that stands twice each reader may believe another one.
    if (name === undefined || headers[name] !== undefined || !VALUE.test(value)) return undefined;
    headers[name] = value.trim();
  }
  const bodyBytes = lengthOf(method as string, headers);
  if (bodyBytes === undefined) return undefined;
  return { method: method as RequestHead["method"], target, headers, headBytes: end + END.length, bodyBytes };
}

function nameOf(written: string): string | undefined {
  const known = names.get(written);
  if (known !== undefined) return known;
  if (!HEADER_NAME.test(written)) return undefined;
  const name = written.toLowerCase();
  // `__proto__` and its like would not become a field of their own.
  if (OTHERS.has(name) || name in Object.prototype) return undefined;
  if (names.size < MOST_NAMES) names.set(written, name);
  return name;
}

function lengthOf(method: string, headers: IncomingHttpHeaders): number | undefined {
  const { "content-length": length, connection, host } = headers;
  if (host === undefined || (connection !== undefined && connection.toLowerCase() !== "keep-alive")) return undefined;
  if (method === "GET") return length === undefined ? 0 : undefined;
  return length !== undefined && LENGTH.test(length) ? Number(length) : undefined;
}
