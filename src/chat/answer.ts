// Turns the events of a flow run into the events of an answer.

import type { ErrorBody } from "../base/error/error.ts";
import { pyStr } from "../base/value.ts";
import type { FlowEvent, TokenUsage } from "../flow/event.ts";
import { type ChatFlow, answerOf } from "../flow/chat-flow.ts";
import { type Evidence, citationOf, citingSentences, evidenceIn } from "./citation.ts";
import { type UsedPassage, documentOf, usedPassages } from "./document.ts";
import type { Citation, CitationCheck, RunEvent, Step } from "./event.ts";
import { type Marker, MarkerScanner } from "./marker.ts";
import { checkCitations } from "./verification.ts";

export type Outcome =
  | { status: "completed"; usage: TokenUsage; durationMs: number }
  | { status: "error"; error: ErrorBody };

export interface Answer {
  /** Takes the flow's next event; the last one gives the outcome. */
  take(event: FlowEvent): Outcome | undefined;
  /** Closes what is open and checks what is cited. After it nothing may follow but the run's last event. */
  close(): readonly CheckedCitation[];
}

/** What was found of the sentences that cite a passage. */
export interface CheckedCitation {
  n: number;
  documentId: string;
  checks: readonly CitationCheck[];
}

/** How much text before a marker is looked at for the sentence it stands in. */
const CONTEXT_CHARACTERS = 2_000;

export function createAnswer(flow: ChatFlow, emit: (event: RunEvent) => void): Answer {
  const steps = new Map<string, Step>();
  let passages: (UsedPassage | undefined)[] = [];
  const evidence = new Map<UsedPassage, Evidence>();
  let cited = new Map<number, Citation>();
  let pieces: string[] = [];
  let tail = "";
  let scanner = new MarkerScanner();
  let waiting: Marker[] = [];
  let isOpen = false;

  function say(text: string): void {
    const clean = withoutNul(text);
    if (clean === "") return;
    if (!isOpen) emit({ type: "text-start" });
    isOpen = true;
    pieces.push(clean);
    tail = (tail + clean).slice(-CONTEXT_CHARACTERS - clean.length);
    emit({ type: "text-delta", text: clean });
    waiting.push(...scanner.push(clean));
    cite(tail);
  }

  /** Sends a citation for every marker seen that has a passage. */
  function cite(context: string): void {
    if (waiting.length === 0 || passages.length === 0) return;
    const fresh = [...new Set(waiting.map((marker) => marker.n))].filter((n) => !cited.has(n) && passages[n - 1]);
    waiting = [];
    if (fresh.length === 0) return;
    const citing = citingSentences(context);
    for (const n of fresh) show(n, citing.get(n) ?? []);
  }

  function show(n: number, citing: readonly string[], checks?: CitationCheck[]): void {
    const passage = passages[n - 1];
    if (!passage) return;
    const found = evidence.get(passage) ?? evidenceIn(passage.text);
    evidence.set(passage, found);
    const citation = { ...citationOf(n, passage, found.of(citing)), ...(checks && { checks }) };
    const earlier = cited.get(n);
    if (earlier && JSON.stringify(earlier) === JSON.stringify(citation)) return;
    if (!earlier) {
      const isNew = ![...cited.values()].some((each) => each.documentId === citation.documentId);
      if (isNew) emit({ type: "source", document: documentOf(passage) });
    }
    cited.set(n, citation);
    emit({ type: "citation", citation });
  }

  /** With the whole text at hand: sentences that went on after their marker, and passages cited more than once. */
  function settleCitations(): void {
    if (passages.length === 0 || pieces.length === 0) return;
    const citing = citingSentences(pieces.join(""));
    const checks = checkCitations(citing, (n) => passages[n - 1]?.text);
    for (const [n, sentences] of citing) show(n, sentences, checks.get(n));
  }

  function restart(reason: string): void {
    emit({ type: "restart", reason });
    steps.clear();
    passages = [];
    cited = new Map();
    pieces = [];
    tail = "";
    scanner = new MarkerScanner();
    waiting = [];
    isOpen = false;
  }

  function step(change: Step): void {
    steps.set(change.node, change);
    emit({ type: "node", step: change });
  }

  return {
    take(event) {
      switch (event.type) {
        case "restart":
          restart(event.reason);
          break;
        case "node-start":
          step({ node: event.node, kind: event.kind, tool: event.tool, status: "running" });
          break;
        case "node-end": {
          const { kind, tool } = steps.get(event.node) ?? { kind: "", tool: "" };
          const { node, status, cutShort } = event;
          const ended = { node, kind, tool, status, durationMs: Math.round(event.durationMs) };
          step(cutShort ? { ...ended, cutShort } : ended);
          break;
        }
        case "output":
          if (event.name === flow.documents) {
            passages = usedPassages(event.value);
            cite(tail);
          } else if (event.name === flow.answer && pieces.length === 0) say(textOf(event.value));
          break;
        case "text-delta":
          if (event.output === flow.answer) say(event.text);
          break;
        case "flow-end":
          if (flow.documents && passages.length === 0) passages = usedPassages(event.outputs[flow.documents]);
          if (pieces.length === 0) say(textOf(answerOf(flow, event.outputs)));
          return { status: "completed", usage: event.usage, durationMs: Math.round(event.durationMs) };
        case "error":
          return { status: "error", error: event.error };
      }
      return undefined;
    },
    close() {
      if (isOpen) emit({ type: "text-end" });
      isOpen = false;
      settleCitations();
      for (const open of steps.values()) if (open.status === "running") step({ ...open, status: "canceled" });
      return Array.from(cited.values(), ({ n, documentId, checks = [] }) => ({ n, documentId, checks }));
    },
  };
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? "" : pyStr(value);
}

/** No store keeps a NUL character, and no page shows one. */
function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u{FFFD}") : text;
}
