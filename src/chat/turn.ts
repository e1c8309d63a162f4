// One question and its answer: saved before the call, logged while it runs, folded into the message at its end. A run
// belongs to the server: it goes on when its readers go, and ends early only by a stop.

import { abortable } from "../base/abort.ts";
import { FlowsteadError, type ErrorBody } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { TokenUsage } from "../flow/event.ts";
import type { Target } from "../flow/target.ts";
import type { RecordStore } from "../store/record-store.ts";
import type { Telemetry } from "../trace/telemetry.ts";
import { type Answer, createAnswer } from "./answer.ts";
import { type AnswerTrace, traceAnswer } from "./answer-trace.ts";
import { chatFlow, flowInputs } from "../flow/chat-flow.ts";
import { INTERRUPTED_TEXT, errorText } from "./error-text.ts";
import type { RunEvent } from "./event.ts";
import { exchangesBefore } from "./history.ts";
import type { LiveRun } from "./live-run.ts";
import type { SavedQuestion } from "./question.ts";
import type { RunLog } from "./run-log.ts";
import type { ChatSchema, MessageStatus, RunStatus } from "./schema.ts";
import { finishMessage, finishRun, touchConversation } from "./turn-row.ts";
import { until } from "./until.ts";

export interface TurnContext {
  store: RecordStore;
  target: Target;
  runLog: RunLog;
  log: Logger;
  /** How many earlier exchanges go into the flow. */
  historyExchanges: number;
  /** Where answers are traced to. */
  telemetry?: Telemetry | undefined;
}

/** Why a run's controller was aborted. */
export const STOPPED = "stopped";
export const SHUT_DOWN = "shut down";

type End =
  | { status: "completed"; usage: TokenUsage; durationMs: number }
  | { status: "stopped" | "interrupted" }
  | { status: "error"; error: ErrorBody };

export interface Asker {
  ownerId: string;
  requestId: string | undefined;
}

/** Runs a saved question to its end. Never rejects. */
export async function runTurn(
  context: TurnContext,
  run: LiveRun,
  saved: SavedQuestion,
  { ownerId, requestId }: Asker,
): Promise<void> {
  const emit = (event: RunEvent): void => context.runLog.append(run.ids.runId, run.append(event));
  emit({ type: "start", ...run.ids });
  if (saved.title !== undefined) emit({ type: "title", title: saved.title });
  emit({ type: "step-start" });
  const startedAt = performance.now();
  const trace = traceAnswer(context.telemetry, run.ids);
  const end = await answer(context, run, saved, { emit, ownerId, requestId, trace });
  trace?.end(end.status, end.status === "error" ? end.error : undefined);
  emit({ type: "step-end" });
  await finish(context, run, end, Math.round(performance.now() - startedAt));
}

async function answer(
  { target, store, historyExchanges }: TurnContext,
  run: LiveRun,
  saved: SavedQuestion,
  { emit, ownerId, requestId, trace }: Asker & { emit: (event: RunEvent) => void; trace: AnswerTrace | undefined },
): Promise<End> {
  const { signal } = run.controller;
  const early = (): End => ({ status: signal.reason === SHUT_DOWN ? "interrupted" : "stopped" });
  let said: Answer | undefined;
  try {
    const flow = chatFlow(await abortable(target.describe(signal), signal));
    const exchanges = flow.history
      ? await exchangesBefore(store.tables<ChatSchema>(), saved.leaf, historyExchanges)
      : [];
    const inputs = flowInputs(flow, saved.text, exchanges);
    said = createAnswer(flow, emit);
    const call = { inputs, runId: run.ids.runId, brief: true, principal: ownerId };
    const { traceparent } = trace ?? {};
    const events = target.invoke(
      { ...call, ...(requestId && { requestId }), ...(traceparent && { traceparent }) },
      signal,
    );
    for await (const event of until(events, signal)) {
      const outcome = said.take(event);
      if (outcome) return signal.aborted && outcome.status === "error" ? early() : outcome;
    }
    if (signal.aborted) return early();
    throw new FlowsteadError("Unexpected", "The flow's events ended without a last one.");
  } catch (thrown) {
    return signal.aborted ? early() : { status: "error", error: FlowsteadError.from(thrown).toBody() };
  } finally {
    const whole = said;
    if (whole && trace) trace.check(() => whole.close());
    else whole?.close();
  }
}

const MESSAGE_STATUS: Record<End["status"], MessageStatus> = {
  completed: "complete",
  stopped: "stopped",
  interrupted: "interrupted",
  error: "error",
};

/** Message, run and the last event become durable together; only then do readers see the run end. */
async function finish(context: TurnContext, run: LiveRun, end: End, durationMs: number): Promise<void> {
  const { runId, messageId, conversationId } = run.ids;
  const last = run.number(lastEvent(end, runId));
  if (end.status === "error") context.log.warn({ runId, conversationId, error: end.error }, "an answer failed");
  const { text, parts } = run.content;
  const now = Date.now();
  try {
    await context.runLog.finish(runId, last, async (db) => {
      await finishMessage(db, {
        id: messageId,
        status: MESSAGE_STATUS[end.status],
        text,
        parts: JSON.stringify(parts),
        materialized_seq: last.seq,
        error: last.event.type === "error" ? last.event.text : null,
      });
      await finishRun(db, {
        id: runId,
        status: end.status satisfies RunStatus,
        seq: last.seq,
        usage: end.status === "completed" ? JSON.stringify(end.usage) : null,
        error: end.status === "error" ? JSON.stringify(end.error) : null,
        // The number that readers are told, so that it is the same after a reload.
        duration_ms: end.status === "completed" ? end.durationMs : durationMs,
        ended_at: now,
      });
      await touchConversation(db, { id: conversationId, updated_at: now });
    });
    run.show(last);
  } catch (thrown) {
    context.log.error({ err: thrown, runId, conversationId }, "an answer cannot be saved");
    run.show({ seq: last.seq, event: { type: "error", text: notSaved(thrown) } });
  }
}

function lastEvent(end: End, runId: string): RunEvent {
  switch (end.status) {
    case "completed":
      return { type: "end", usage: end.usage, durationMs: end.durationMs };
    case "stopped":
      return { type: "stop" };
    case "interrupted":
      return { type: "error", text: INTERRUPTED_TEXT, interrupted: true };
    default:
      return { type: "error", text: errorText(end.error, runId) };
  }
}

function notSaved(thrown: unknown): string {
  const why = thrown instanceof FlowsteadError && thrown.code !== "Unexpected" ? ` ${thrown.message}` : "";
  return `The answer could not be saved and will be incomplete after a reload.${why} Copy what you need, then ask again.`;
}
