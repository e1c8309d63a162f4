// The chat back end: conversations of people with a flow.

import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { Target } from "../flow/target.ts";
import type { RecordStore } from "../store/record-store.ts";
import type { Telemetry } from "../trace/telemetry.ts";
import { ActiveRuns } from "./active-runs.ts";
import {
  type ConversationPage,
  type ConversationQuery,
  conversationNotFound,
  listConversations,
  ownConversation,
  removeConversation,
  renameConversation,
  showBranch,
} from "./conversation.ts";
import { type Citation, type Logged, isLast } from "./event.ts";
import { type Feedback, saveFeedback } from "./feedback.ts";
import { LiveRun, type RunIds } from "./live-run.ts";
import { type ConversationView, citationIn, ownAnswer, viewConversation } from "./message.ts";
import { CHAT_MIGRATIONS } from "./migration.ts";
import { type Question, type SavedQuestion, saveQuestion } from "./question.ts";
import { dropOldLogs, interruptDeadRuns } from "./reaper.ts";
import { createRunLog } from "./run-log.ts";
import type { ChatSchema } from "./schema.ts";
import { SHUT_DOWN, STOPPED, runTurn } from "./turn.ts";
import { conversationRow } from "./turn-row.ts";

/** A run that somebody may follow. */
export interface ChatRun {
  readonly ids: RunIds;
  /** Events after number `after` until the run's last, in batches; leaving it does not stop the run. */
  read(after: number, signal: AbortSignal): AsyncIterable<readonly Logged[]>;
}

/**
 * Every method works for one owner: what belongs to somebody else does not exist.
 * They throw FlowsteadError `NotFound` for it, and the store's errors.
 */
export interface Chat {
  list(ownerId: string, query: ConversationQuery): Promise<ConversationPage>;
  view(ownerId: string, conversationId: string): Promise<ConversationView>;
  rename(ownerId: string, conversationId: string, title: string): Promise<void>;
  /** Shows the newest branch through a message. */
  showBranch(ownerId: string, conversationId: string, messageId: string): Promise<void>;
  /** Stops what runs, then deletes all of the conversation. */
  remove(ownerId: string, conversationId: string): Promise<void>;
  /**
   * Saves a question and starts its answer. A conversation that does not exist begins.
   * @throws FlowsteadError `RunActive` when the conversation is being answered, `ShuttingDown`.
   */
  ask(ownerId: string, question: Question): Promise<ChatRun>;
  /** The run that is going on in a conversation. */
  activeRun(ownerId: string, conversationId: string): Promise<ChatRun | undefined>;
  /** Events of the latest run after number `after`; waits up to `waitMs` for the first. `done` when no more will come. */
  eventsAfter(ownerId: string, conversationId: string, place: LogPlace): Promise<{ events: Logged[]; done: boolean }>;
  /** Stops the answer and the model behind it; what was shown stays. Resolves, when it is saved, to whether one ran. */
  stop(ownerId: string, conversationId: string): Promise<boolean>;
  rate(ownerId: string, messageId: string, feedback: Feedback): Promise<void>;
  citation(ownerId: string, messageId: string, n: number): Promise<Citation>;
  /** Takes no more questions, lets answers end for `graceMs`, then marks the rest as interrupted. */
  close(graceMs?: number): Promise<void>;
}

export interface LogPlace {
  after: number;
  waitMs: number;
  signal: AbortSignal;
}

export interface ChatOptions {
  store: RecordStore;
  target: Target;
  log: Logger;
  /** How many earlier exchanges of the branch go into the flow; 20 when absent. */
  historyExchanges?: number;
  /** How long logs of ended runs are kept for readers that come back; an hour when absent. */
  keepLogsMs?: number;
  /** Where answers are traced to. */
  telemetry?: Telemetry | undefined;
}

const HOUR_MS = 3_600_000;

/** Opens the chat over a store, first mending what a dead process left behind. */
export async function openChat(options: ChatOptions): Promise<Chat> {
  const { store, target, log, historyExchanges = 20, keepLogsMs = HOUR_MS } = options;
  await store.migrate("chat", CHAT_MIGRATIONS);
  const interrupted = await interruptDeadRuns(store);
  if (interrupted > 0) log.warn({ interrupted }, "answers were interrupted when the process before ended");

  const db = store.tables<ChatSchema>();
  const runLog = createRunLog(store, log);
  const context = { store, target, runLog, log, historyExchanges, telemetry: options.telemetry };
  const runs = new ActiveRuns();
  let isClosing = false;

  const logged = (thrown: unknown): void => log.warn({ err: thrown }, "run logs cannot be put in order");
  const dropLogs = (): Promise<void> => dropOldLogs(store, Date.now() - keepLogsMs).catch(logged);
  await dropLogs();
  const sweep = setInterval(() => void dropLogs(), Math.min(keepLogsMs, HOUR_MS));
  sweep.unref();

  async function begin(ownerId: string, question: Question, isKnown: boolean): Promise<LiveRun> {
    if (isClosing) throw new FlowsteadError("ShuttingDown", "The system is stopping. Ask again in a moment.");
    const { conversationId } = question;
    // Whatever is left running in the store and not here has died on the way to its end.
    if (isKnown) await interruptDeadRuns(store, conversationId);
    const { result: saved, durable } = await store.commit<ChatSchema, SavedQuestion>((transaction) =>
      saveQuestion(transaction, ownerId, question),
    );
    const run = new LiveRun(saved.ids);
    runs.add(run, runTurn(context, run, saved, { ownerId, requestId: question.requestId }));
    try {
      // The disk may take longer than the flow to its first text; nobody sees any of it before the question is safe.
      await durable;
    } catch (thrown) {
      run.controller.abort(SHUT_DOWN);
      throw thrown;
    }
    return run;
  }

  return {
    list: (ownerId, query) => listConversations(db, ownerId, query),
    async view(ownerId, conversationId) {
      const live = (): LiveRun | undefined => runs.now(conversationId);
      await runs.of(conversationId);
      const view = await viewConversation(db, ownerId, conversationId, live);
      if (view.activeRun || !view.messages.some((message) => message.status === "running")) return view;
      // Either the run ended between the reading of its message and the look at it, or its end could not be saved.
      await runs.reserve(conversationId, () => interruptDeadRuns(store, conversationId)).catch(logged);
      return viewConversation(db, ownerId, conversationId, live);
    },
    rename: (ownerId, conversationId, title) => renameConversation(store, ownerId, conversationId, title),
    showBranch: (ownerId, conversationId, messageId) => showBranch(store, ownerId, conversationId, messageId),
    async remove(ownerId, conversationId) {
      await ownConversation(db, ownerId, conversationId);
      await runs.stop(conversationId, STOPPED);
      await runs.reserve(conversationId, () => removeConversation(store, ownerId, conversationId));
    },
    async ask(ownerId, question) {
      const { conversationId } = question;
      const [found] = await conversationRow(db, { id: conversationId });
      if (found && found.owner_id !== ownerId) throw conversationNotFound(conversationId);
      return runs.reserve(conversationId, () => begin(ownerId, question, found !== undefined));
    },
    async activeRun(ownerId, conversationId) {
      await ownConversation(db, ownerId, conversationId);
      return runs.of(conversationId);
    },
    async eventsAfter(ownerId, conversationId, { after, waitMs, signal }) {
      await ownConversation(db, ownerId, conversationId);
      const run = await runs.of(conversationId);
      if (run) return waitForEvents(run, { after, waitMs, signal });
      const latest = await db
        .selectFrom("run")
        .innerJoin("message", "message.id", "run.message_id")
        .select("run.id")
        .where("run.conversation_id", "=", conversationId)
        .orderBy("message.ordinal", "desc")
        .executeTakeFirst();
      return { events: latest ? await runLog.read(latest.id, after) : [], done: true };
    },
    async stop(ownerId, conversationId) {
      await ownConversation(db, ownerId, conversationId);
      return runs.stop(conversationId, STOPPED);
    },
    rate: (ownerId, messageId, feedback) => saveFeedback(store, ownerId, messageId, feedback),
    async citation(ownerId, messageId, n) {
      const { conversationId, parts } = await ownAnswer(db, ownerId, messageId);
      const run = runs.now(conversationId);
      return citationIn(run?.ids.messageId === messageId ? run.content.parts : parts, n);
    },
    async close(graceMs = 0) {
      isClosing = true;
      clearInterval(sweep);
      await runs.settled();
      const ended = Promise.all(runs.all.map((run) => run.over));
      const grace = new AbortController();
      await Promise.race([ended, patience(graceMs, grace.signal)]);
      grace.abort();
      for (const run of runs.all) run.controller.abort(SHUT_DOWN);
      await ended;
      await runLog.close();
    },
  };
}

async function waitForEvents(run: LiveRun, place: LogPlace): Promise<{ events: Logged[]; done: boolean }> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), place.waitMs);
  try {
    for await (const batch of run.read(place.after, AbortSignal.any([place.signal, enough.signal]))) {
      const last = batch.at(-1);
      return { events: [...batch], done: last !== undefined && isLast(last.event) };
    }
    return { events: [], done: !enough.signal.aborted && !place.signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}

function patience(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
