// An answer as two spans: its own, above that of the flow's run, and the check of what it cites.

import type { ErrorBody } from "../base/error/error.ts";
import { newSpanId, newTraceId, traceparentOf } from "../base/trace-context.ts";
import { CHECK_NAME } from "../search/verify.ts";
import { ANSWER, GEN_AI, SPAN } from "../trace/name.ts";
import type { Attributes, Span, SpanEvent } from "../trace/span.ts";
import type { Telemetry } from "../trace/telemetry.ts";
import type { CheckedCitation } from "./answer.ts";
import type { RunIds } from "./live-run.ts";

export interface AnswerTrace {
  /** Of the answer's span: what is called for the answer hangs under it. */
  readonly traceparent: string;
  /** Wraps the check, to tell when it was and what it found. */
  check(run: () => readonly CheckedCitation[]): void;
  end(status: string, error?: ErrorBody): void;
}

/** Undefined when traces go nowhere. */
export function traceAnswer(telemetry: Telemetry | undefined, ids: RunIds): AnswerTrace | undefined {
  const { record, content = false } = telemetry ?? {};
  if (!record) return undefined;
  const traceId = newTraceId();
  const spanId = newSpanId();
  const startMs = Date.now();
  const common: Attributes = { [SPAN.lineRunId]: ids.runId, [GEN_AI.conversation]: ids.conversationId };
  const spans: Span[] = [];
  return {
    traceparent: traceparentOf({ traceId, spanId, flags: "01" }),
    check(run) {
      const from = Date.now();
      const checked = run();
      const endMs = Date.now();
      spans.push({
        traceId,
        spanId: newSpanId(),
        parentSpanId: spanId,
        name: ANSWER.checkSpan,
        kind: "internal",
        startMs: from,
        endMs,
        ...told(checked, { common, content, timeMs: endMs }),
      });
    },
    end(status, error) {
      const own: Span = {
        traceId,
        spanId,
        name: ANSWER.span,
        kind: "server",
        startMs,
        endMs: Date.now(),
        attributes: {},
        events: [],
      };
      own.attributes = { ...common, [ANSWER.status]: status };
      own.error = error && `${error.code}: ${error.message}`;
      record([own, ...spans]);
    },
  };
}

/** What was found of one sentence, in all the passages that it cites. */
interface Sentence {
  numbers: string[];
  documents: Set<string>;
  isSupported: boolean;
  overlap: number;
  reason: string | undefined;
}

function told(
  checked: readonly CheckedCitation[],
  { common, content, timeMs }: { common: Attributes; content: boolean; timeMs: number },
): Pick<Span, "attributes" | "events"> {
  const sentences = new Map<string, Sentence>();
  for (const { n, documentId, checks } of checked) {
    for (const { sentence, supported, overlap, reason } of checks) {
      const found = sentences.get(sentence) ?? blank();
      sentences.set(sentence, found);
      found.numbers.push(`${n}`);
      found.documents.add(documentId);
      found.isSupported ||= supported;
      if (overlap >= found.overlap) [found.overlap, found.reason] = [overlap, reason];
    }
  }
  const supported = [...sentences.values()].filter(({ isSupported }) => isSupported).length;
  const events = Array.from(sentences, ([sentence, found]): SpanEvent => {
    const attributes: Attributes = {
      [ANSWER.cited]: found.numbers,
      [ANSWER.documents]: [...found.documents],
      [ANSWER.isSupported]: found.isSupported,
      [ANSWER.overlap]: found.overlap,
    };
    if (!found.isSupported && found.reason !== undefined) attributes[ANSWER.reason] = found.reason;
    // What an answer says may be personal.
    if (content) attributes[ANSWER.sentence] = sentence;
    return { name: ANSWER.checkEvent, timeMs, attributes };
  });
  const attributes: Attributes = {
    ...common,
    [ANSWER.rule]: CHECK_NAME,
    [ANSWER.citations]: checked.length,
    [ANSWER.sentences]: sentences.size,
    [ANSWER.supported]: supported,
    [ANSWER.unsupported]: sentences.size - supported,
  };
  return { attributes, events };
}

function blank(): Sentence {
  return { numbers: [], documents: new Set(), isSupported: false, overlap: 0, reason: undefined };
}
