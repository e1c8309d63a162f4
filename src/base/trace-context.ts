// W3C trace context: whose trace a call belongs to, as `traceparent`, `tracestate` and `baggage` headers say.

import { randomFillSync } from "node:crypto";

/** Passed on from hop to hop; the headers' own text. */
export interface TraceContext {
  traceparent: string;
  tracestate?: string;
  baggage?: string;
}

export interface TraceParent {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits: the span that the next one hangs under. */
  spanId: string;
  /** Two hex digits; the lowest bit says that the caller records. */
  flags: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** What a `traceparent` header says; undefined when it is not valid, as the standard wants it ignored then. */
export function parseTraceparent(text: string | undefined): TraceParent | undefined {
  const match = text === undefined ? null : TRACEPARENT.exec(text);
  if (!match) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags };
}

export function traceparentOf({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/** The same trace with another span as the parent of what follows. */
export function childContext(context: TraceContext, spanId: string): TraceContext {
  const parent = parseTraceparent(context.traceparent);
  return parent ? { ...context, traceparent: traceparentOf({ ...parent, spanId }) } : context;
}

// Random bytes are drawn for many ids at once: each draw is a call into the system.
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString("hex", used, used + bytes);
  used += bytes;
  return text;
}

export function newTraceId(): string {
  return randomHex(16);
}

export function newSpanId(): string {
  return randomHex(8);
}

/** Names and values of a `baggage` header; members that are not well-formed are left out. */
export function parseBaggage(text: string | undefined): Record<string, string> {
  const members: Record<string, string> = {};
  for (const member of (text ?? "").split(",")) {
    const [name = "", value] = (member.split(";", 1)[0] ?? "").split("=", 2).map((part) => part.trim());
    if (name === "" || value === undefined) continue;
    try {
      members[name] = decodeURIComponent(value);
    } catch {
      members[name] = value;
    }
  }
  return members;
}
