// Where spans and metrics go: collected in memory, exported in the background.

import type { Logger } from "../base/log.ts";
import { type ExportTarget, sendOtlp } from "./exporter.ts";
import { type Meter, createMeter } from "./meter.ts";
import { metricMessage, traceMessage } from "./otlp.ts";
import type { TelemetrySettings } from "./settings.ts";
import type { Span } from "./span.ts";

export interface Telemetry {
  /** Whether inputs and outputs are recorded, too. */
  readonly content: boolean;
  /** Undefined when traces go nowhere. */
  readonly record: ((spans: readonly Span[]) => void) | undefined;
  /** Undefined when metrics go nowhere. */
  readonly meter: Meter | undefined;
  /** Sends what is there, within the grace. */
  close(graceMs?: number): Promise<void>;
}

const MOST_SPANS = 4096;
const BATCH = 512;
const CLOSE_MS = 5_000;

export function openTelemetry(settings: TelemetrySettings, log: Logger): Telemetry {
  const stopping = new AbortController();
  const context = { log, signal: stopping.signal };
  const traces = settings.traces && spanQueue(settings.traces, settings, context);
  const meter = settings.metrics && createMeter(settings.dimensions);
  const sendMetrics = async (target: ExportTarget, from: Meter): Promise<void> => {
    if (from.sums().size + from.histograms().size === 0) return;
    await sendOtlp(target, metricMessage(from, settings.resource), context);
  };
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  const { metrics } = settings;
  if (metrics && meter) {
    timer = setInterval(() => {
      sending = sending.then(() => sendMetrics(metrics, meter));
    }, settings.metricIntervalMs);
    timer.unref();
  }
  return {
    content: settings.content,
    record: traces?.push,
    meter,
    async close(graceMs = CLOSE_MS) {
      clearInterval(timer);
      const last = setTimeout(() => stopping.abort(), graceMs);
      await Promise.all([traces?.flush(), sending.then(() => metrics && meter && sendMetrics(metrics, meter))]);
      clearTimeout(last);
    },
  };
}

function spanQueue(
  target: ExportTarget,
  { resource, spanDelayMs }: TelemetrySettings,
  context: { log: Logger; signal: AbortSignal },
): { push: (spans: readonly Span[]) => void; flush: () => Promise<void> } {
  const waiting: Span[] = [];
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) await sendOtlp(target, traceMessage(waiting.splice(0, BATCH), resource), context);
    if (lost > 0) context.log.warn({ spans: lost }, "spans were dropped: the collector is slower than they come");
    lost = 0;
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    sending ??= drain().finally(() => {
      sending = undefined;
    });
    return sending;
  };
  return {
    push(spans) {
      const room = MOST_SPANS - waiting.length;
      lost += Math.max(0, spans.length - room);
      waiting.push(...spans.slice(0, Math.max(0, room)));
      if (waiting.length >= BATCH) void flush();
      else {
        timer ??= setTimeout(() => void flush(), spanDelayMs);
        timer.unref();
      }
    },
    async flush() {
      await sending;
      await flush();
    },
  };
}
