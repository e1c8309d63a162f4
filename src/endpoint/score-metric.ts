// What `/score` did, as the original counts it: requests by status, and the time to the first and the last byte.

import type { ErrorBody } from "../base/error/error.ts";
import type { FlowSignature } from "../flow/target.ts";
import type { Meter } from "../trace/meter.ts";
import { METRIC } from "../trace/name.ts";
import type { ScoreFormat } from "./accept.ts";
import type { ScoreSink } from "./score.ts";

interface ScoreWatch {
  /** Where the answer goes. */
  sink: ScoreSink;
  /** Counts the call. */
  done(failed: ErrorBody | undefined): void;
}

/** Watches one answer; without a meter the sink is left as it is. */
export function watchScore(
  sink: ScoreSink,
  { meter, flow, format }: { meter: Meter | undefined; flow: FlowSignature; format: ScoreFormat },
): ScoreWatch {
  if (!meter) return { sink, done: () => {} };
  const began = performance.now();
  let status = 0;
  let firstByte: number | undefined;
  const watched: ScoreSink = {
    send(code, headers, text) {
      status = code;
      sink.send(code, headers, text);
    },
    head(code, headers) {
      status = code;
      sink.head(code, headers);
    },
    write(text) {
      firstByte ??= performance.now();
      return sink.write(text);
    },
    end: () => sink.end(),
  };
  const done = (failed: ErrorBody | undefined): void => {
    const now = performance.now();
    const isSent = format === "event-stream" || (format !== "json" && firstByte !== undefined);
    const isStream = isSent && status === 200;
    if (!isStream) {
      const durationMs = now - began;
      countWhole(meter, { flow: flow.name, code: failed?.code ?? "", status, streaming: false, durationMs });
      return;
    }
    const about = { flow: flow.name, response_code: String(status), streaming: "True" };
    meter.add(METRIC.flowRequest, 1, { ...about, exception: failed?.code ?? "" });
    const first = firstByte ?? now;
    meter.record(METRIC.flowLatency, first - began, { ...about, response_type: "firstbyte" });
    meter.record(METRIC.flowLatency, now - began, { ...about, response_type: "lastbyte" });
    meter.record(METRIC.streamDuration, now - first, { flow: flow.name });
  };
  return { sink: watched, done };
}

interface WholeAnswer {
  flow: string;
  /** Of its error, or empty. */
  code: string;
  status: number;
  /** Whether a stream was asked for. */
  streaming: boolean;
  durationMs: number;
}

/** Counts a call that was answered in one piece, or refused before anything ran. */
export function countWhole(meter: Meter, { flow, code, status, streaming, durationMs }: WholeAnswer): void {
  const about = { flow, response_code: String(status), streaming: streaming ? "True" : "False" };
  meter.add(METRIC.flowRequest, 1, { ...about, exception: code });
  meter.record(METRIC.flowLatency, durationMs, { ...about, response_type: "default" });
}
