// What `/score` did, as the original counts it: requests by status, and the time to the first and the last byte.

import type { ErrorBody } from "../base/error/error.ts";
import { innermostCode } from "../flow/error-chain.ts";
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
    const exception = failed ? innermostCode(failed) : "";
    if (!isStream) {
      const streaming = failed !== undefined && format !== "json";
      countWhole(meter, { flow: flow.name, exception, status, streaming, durationMs: now - began });
      return;
    }
    const about = { flow: flow.name, response_code: String(status), streaming: "True" };
    meter.add(METRIC.flowRequest, 1, { ...about, exception });
    const first = firstByte ?? now;
    meter.record(METRIC.flowLatency, first - began, { ...about, response_type: "firstbyte" });
    meter.record(METRIC.flowLatency, now - began, { ...about, response_type: "lastbyte" });
    meter.record(METRIC.streamDuration, now - first, { flow: flow.name });
  };
  return { sink: watched, done };
}

interface WholeAnswer {
  flow: string;
  /** Code of its error, or empty. */
  exception: string;
  status: number;
  /** Whether a stream was asked for, which has no time to a whole answer. */
  streaming: boolean;
  durationMs: number;
}

/** Counts a call that was answered in one piece, or refused before anything ran. */
export function countWhole(meter: Meter, { flow, exception, status, streaming, durationMs }: WholeAnswer): void {
  const about = { flow, response_code: String(status), streaming: streaming ? "True" : "False" };
  meter.add(METRIC.flowRequest, 1, { ...about, exception });
  if (!streaming) meter.record(METRIC.flowLatency, durationMs, { ...about, response_type: "default" });
}
