// What is exported of a trace, free of any wire format.

export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[];
export type Attributes = Record<string, AttributeValue>;

export interface SpanEvent {
  name: string;
  /** Milliseconds since the epoch, as all times here. */
  timeMs: number;
  attributes: Attributes;
}

export interface Span {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  parentSpanId?: string | undefined;
  tracestate?: string | undefined;
  name: string;
  /** `server` answers a caller's request, `client` makes one. */
  kind: "internal" | "server" | "client";
  startMs: number;
  endMs: number;
  attributes: Attributes;
  events: SpanEvent[];
  /** Why it failed; undefined when it did not. */
  error?: string | undefined;
}
