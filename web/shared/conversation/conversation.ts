// The open conversation: its messages, the run in progress, and what a reader can do with them. Knows no framework.

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Api, ChatRequest } from "../wire/api.ts";
import type { RunEvent, StoredConversation } from "../wire/contract.ts";
import { followRun } from "../wire/follow-run.ts";
import { ApiError, messageOf } from "../wire/request.ts";
import { chatRequest } from "./chat-request.ts";
import { frameBatch } from "./frame-batch.ts";
import { type ChatMessage, awaitedAnswer, fromStored, questionOf, reduce, settled } from "./message.ts";
import { stopProblem, stopRun } from "./stop.ts";

export interface ConversationState {
  id: string;
  title: string;
  phase: "new" | "loading" | "ready" | "missing" | "failed";
  problem?: string;
  messages: ChatMessage[];
  /** The answer in progress. */
  run?: { messageId: string; connection: "live" | "reconnecting"; stopping: boolean };
}

export interface ConversationHooks {
  /** A title came, or a run began or ended: lists of conversations are out of date. */
  onChange: (id: string, title?: string) => void;
  /** The question was not accepted and should go back to the composer. */
  onReturned: (text: string, reason: string) => void;
}

export interface Conversation {
  store: StoreApi<ConversationState>;
  /** Shows an empty conversation; nothing is stored until the first question. */
  start(id: string): void;
  load(id: string): Promise<void>;
  ask(text: string): Promise<void>;
  /** Another answer to the question before this one; also the retry after an error. */
  answerAgain(messageId: string): Promise<void>;
  /** Asks an earlier question in other words; what followed it stays as another branch. */
  edit(messageId: string, text: string): Promise<void>;
  /** Shows the branch of the conversation that goes through this message. Throws ApiError. */
  showBranch(messageId: string): Promise<void>;
  stop(): Promise<void>;
  patch(messageId: string, change: Partial<ChatMessage>): void;
  /** Loads anew, unless a run is being followed here already. */
  refresh(): Promise<void>;
}

export function createConversation(api: Api, hooks: ConversationHooks): Conversation {
  const store = createStore<ConversationState>(() => ({ id: "", title: "", phase: "new", messages: [] }));
  const { getState, setState } = store;
  let following = new AbortController();

  function leave(): AbortController {
    following.abort();
    following = new AbortController();
    return following;
  }

  function show(stored: StoredConversation): void {
    const messages = stored.messages.map(fromStored);
    setState({ id: stored.id, title: stored.title, phase: "ready", problem: undefined, messages, run: undefined });
    const last = messages.at(-1);
    if (!stored.activeRun) return;
    if (last?.role !== "assistant" || last.status !== "running") {
      const answer = awaitedAnswer(`answer-${stored.activeRun.runId}`);
      setState({ messages: [...messages, answer] });
      void follow(answer.id, { after: stored.activeRun.seq });
      return;
    }
    void follow(last.id, { after: stored.activeRun.seq });
  }

  async function load(id: string): Promise<void> {
    const { signal } = leave();
    if (getState().id !== id)
      setState({ id, title: "", phase: "loading", messages: [], run: undefined, problem: undefined });
    try {
      const stored = await api.conversation(id, signal);
      if (!signal.aborted) show(stored);
    } catch (error) {
      if (signal.aborted) return;
      const missing = error instanceof ApiError && (error.status === 404 || error.status === 403);
      const last = getState().messages.at(-1);
      // What can be read already stays, though it could not be loaded anew.
      if (last && !missing) return close(last.id, messageOf(error));
      setState({ phase: missing ? "missing" : "failed", problem: messageOf(error), run: undefined });
    }
  }

  /** Applies the events of one run to one message. The message's id changes when the server names it. */
  async function follow(
    messageId: string,
    how: { after: number; body?: ChatRequest; question?: string },
  ): Promise<void> {
    const { signal } = leave();
    const { id } = getState();
    const old = new Set(getState().messages.map((message) => message.id));
    const { body } = how;
    let current = messageId;
    setState({ run: { messageId, connection: "live", stopping: false } });
    const batch = frameBatch<RunEvent>((events) => {
      if (signal.aborted) return;
      let message = getState().messages.find((each) => each.id === current);
      if (!message) return;
      for (const { part } of events) {
        message = reduce(message, part);
        if (part.type === "start") renameQuestion(current, part.messageMetadata?.questionId);
        if (part.type === "data-title") {
          setState({ title: part.data.title });
          hooks.onChange(id, part.data.title);
        }
      }
      replace(current, message);
      current = message.id;
      setState(({ run }) => (run ? { run: { ...run, messageId: current } } : {}));
    });
    try {
      const end = await followRun({
        api,
        conversationId: id,
        after: how.after,
        begin: body ? (signal) => api.chat(body, signal) : undefined,
        isOld: (each) => old.has(each),
        onEvent: (event) => {
          batch.push(event);
          if (event.part.type === "start") hooks.onChange(id);
        },
        onConnection(connection) {
          const { run } = getState();
          if (!signal.aborted && run && run.connection !== connection) setState({ run: { ...run, connection } });
        },
        signal,
      });
      batch.flush();
      if (signal.aborted) return;
      if (end === "gone") await load(id);
      else close(current, end === "lost" ? "The connection was lost before the answer was complete." : undefined);
      if (body?.messageId) await countVersions(id);
    } catch (error) {
      batch.flush();
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 409 && how.question !== undefined) {
        hooks.onReturned(how.question, "Another answer is being written in this conversation.");
        await load(id);
      } else if (!(await showIfStored(how, old, signal))) close(current, messageOf(error));
    }
    hooks.onChange(id);
  }

  /** A short answer may be complete before a broken connection is noticed: shows it, if the server has our question. */
  async function showIfStored(how: { question?: string }, old: Set<string>, signal: AbortSignal): Promise<boolean> {
    if (how.question === undefined) return false;
    const stored = await api.conversation(getState().id, signal).catch(() => undefined);
    if (signal.aborted) return true;
    const answer = stored?.messages.at(-1);
    const question = stored?.messages.at(-2);
    const isOurs =
      answer?.role === "assistant" && !old.has(answer.id) && question && fromStored(question).text === how.question;
    if (!stored || !isOurs) return false;
    show(stored);
    return true;
  }

  /** The server has its own id for what was asked here. */
  function renameQuestion(answerId: string, questionId: string | undefined): void {
    const { messages } = getState();
    const question = messages[messages.findIndex((message) => message.id === answerId) - 1];
    if (questionId && question?.role === "user") replace(question.id, { ...question, id: questionId });
  }

  /** After another answer or another wording there is more than one version; the server knows which. */
  async function countVersions(id: string): Promise<void> {
    const stored = await api.conversation(id).catch(() => undefined);
    if (!stored || getState().id !== id) return;
    const versions = new Map(stored.messages.map((message) => [message.id, message.siblings]));
    setState(({ messages }) => ({
      messages: messages.map((message) => {
        const siblings = versions.get(message.id);
        return siblings && siblings.ids.length > 1 ? { ...message, siblings } : message;
      }),
    }));
  }

  function close(messageId: string, problem: string | undefined): void {
    const message = getState().messages.find((each) => each.id === messageId);
    if (message?.status === "running") {
      // A stream that ended without a last word is an interrupted answer, never an endless spinner.
      replace(messageId, {
        ...settled(message),
        status: problem ? "error" : "interrupted",
        ...(problem ? { error: problem } : {}),
      });
    }
    setState({ run: undefined });
  }

  function replace(messageId: string, message: ChatMessage): void {
    setState(({ messages }) => ({ messages: messages.map((each) => (each.id === messageId ? message : each)) }));
  }

  async function answerAgain(messageId: string): Promise<void> {
    const { id, messages, run } = getState();
    const at = messages.findIndex((message) => message.id === messageId);
    const question = messages.slice(0, Math.max(0, at)).findLast((message) => message.role === "user");
    if (run || !question) return;
    const failed = messages[at]?.status === "error";
    const answer = awaitedAnswer();
    setState({
      messages: [...messages.slice(0, at), answer],
      run: { messageId: answer.id, connection: "live", stopping: false },
    });
    const stored = await api.conversation(id).catch(() => undefined);
    const { run: begun } = getState();
    if (begun?.messageId !== answer.id) return;
    // Nothing has been asked yet: what was there before stays.
    if (begun.stopping) return load(id);
    const known = stored?.messages.find((message) => message.id === messageId);
    // What looked like a failure from here may be an answer that was finished, or is being written, over there.
    if (stored && (stored.activeRun || (failed && known?.status === "complete"))) return show(stored);
    await follow(answer.id, {
      after: 0,
      body: chatRequest(id, question, { answered: known?.id }),
      question: question.text,
    });
  }

  async function stop(): Promise<void> {
    const { id, run } = getState();
    if (!run || run.stopping) return;
    setState({ run: { ...run, stopping: true } });
    const watched = following;
    const isOver = (): boolean => following !== watched || !getState().run;
    const end = await stopRun({ tell: () => api.stop(id), isOver });
    const { messageId } = getState().run ?? {};
    if (end === "over" || messageId === undefined) return;
    // Its last word does not come: the page obeys all the same.
    leave();
    const message = getState().messages.find((each) => each.id === messageId);
    if (message) replace(messageId, { ...settled(message), status: "stopped" });
    setState({ run: undefined });
    if (end === "heard") return;
    // A question that was still on its way has been taken back, and a connection is free for one more word.
    await api.stop(id).catch((error: unknown) => {
      const problem = stopProblem(error);
      if (problem) patch(messageId, { status: "error", error: problem });
    });
  }

  function patch(messageId: string, change: Partial<ChatMessage>): void {
    const message = getState().messages.find((each) => each.id === messageId);
    if (message) replace(messageId, { ...message, ...change });
  }

  return {
    store,
    start(id) {
      leave();
      setState({ id, title: "", phase: "new", messages: [], run: undefined, problem: undefined });
    },
    load,
    async ask(text) {
      const { id, messages, run } = getState();
      if (run) return;
      const question = questionOf(text);
      const answer = awaitedAnswer();
      setState({ phase: "ready", messages: [...messages, question, answer] });
      await follow(answer.id, { after: 0, body: chatRequest(id, question), question: text });
    },
    answerAgain,
    async edit(messageId, text) {
      const { id, messages, run } = getState();
      const at = messages.findIndex((message) => message.id === messageId);
      if (run || at < 0) return;
      const question = questionOf(text);
      const answer = awaitedAnswer();
      setState({ messages: [...messages.slice(0, at), question, answer] });
      await follow(answer.id, { after: 0, body: chatRequest(id, question, { replaced: messageId }), question: text });
    },
    async showBranch(messageId) {
      const { id, run } = getState();
      if (run) return;
      await api.showBranch(id, messageId);
      await load(id);
    },
    stop,
    patch,
    async refresh() {
      const { id, phase, run } = getState();
      if (!run && (phase === "ready" || phase === "failed")) await load(id);
    },
  };
}
