// A collector over real HTTP that keeps what it is sent.

import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** As it was before compression. */
  body: Buffer;
}

export interface Collector {
  url: string;
  received: Received[];
  /** Statuses for the next posts, before all others get 200. */
  refuse: number[];
  /** Spans of all traces sent as JSON. */
  spans(): OtlpSpan[];
  /** Points of a metric, from its newest export as JSON. */
  points(name: string): { attributes: Record<string, unknown>; [field: string]: unknown }[];
}

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Record<string, unknown>;
  events: { name: string; attributes: Record<string, unknown> }[];
  status: { code: number; message?: string };
}

interface SentAttribute {
  key: string;
  value: Record<string, unknown>;
}
interface SentEvent {
  name: string;
  attributes: SentAttribute[];
}
interface SentPoint {
  attributes: SentAttribute[];
  [field: string]: unknown;
}
interface Sent {
  resourceSpans: {
    scopeSpans: { spans: (Omit<OtlpSpan, "attributes" | "events"> & SentPoint & { events: SentEvent[] })[] }[];
  }[];
  resourceMetrics: {
    scopeMetrics: {
      metrics: { name: string; sum?: { dataPoints: SentPoint[] }; histogram?: { dataPoints: SentPoint[] } }[];
    }[];
  }[];
}

export async function startCollector(context: Pick<TestContext, "after">): Promise<Collector> {
  const received: Received[] = [];
  const refuse: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const sent = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      received.push({ path: request.url ?? "", headers: request.headers, body });
      response.writeHead(refuse.shift() ?? 200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const json = (path: string): Sent[] =>
    received.filter((one) => one.path === path).map(({ body }) => JSON.parse(body.toString("utf8")) as Sent);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    refuse,
    spans: () =>
      json("/v1/traces")
        .flatMap(({ resourceSpans }) => resourceSpans[0]?.scopeSpans[0]?.spans ?? [])
        .map((span) => ({ ...span, attributes: plain(span.attributes), events: span.events.map(plainEvent) })),
    points(name) {
      const metrics = json("/v1/metrics").at(-1)?.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
      const metric = metrics.find((one) => one.name === name);
      const points = (metric?.sum ?? metric?.histogram)?.dataPoints ?? [];
      return points.map((point) => ({ ...point, attributes: plain(point.attributes) }));
    },
  };
}

function plainEvent(event: SentEvent): { name: string; attributes: Record<string, unknown> } {
  return { ...event, attributes: plain(event.attributes) };
}

function plain(attributes: readonly SentAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(value: Record<string, unknown>): unknown {
  const [[kind, found] = ["", undefined]] = Object.entries(value);
  if (kind === "arrayValue") return (found as { values: Record<string, unknown>[] }).values.map(plainValue);
  return kind === "intValue" ? Number(found) : found;
}
