// What the log of a run holds: the answer as a reader of the page sees it come into being. Each event has a number
// (1, 2, 3 ... without a gap) and becomes exactly one part on the wire, so that a reader that comes back after number N
// has seen all of N and nothing of N + 1.

import type { CutShort, TokenUsage } from "../flow/event.ts";

/** Characters `start` to `end` (exclusive, UTF-16 units) of the citation's text. */
export interface Span {
  start: number;
  end: number;
}

/** A passage of a document, and where it stands there. */
export interface DocumentPassage {
  passageId: string;
  documentId: string;
  title: string;
  headings: string[];
  page?: number;
  /** Where the passage stands in the document's text, in characters. */
  start?: number;
  end?: number;
  text: string;
  /** Path or URL of the document. */
  source?: string;
  score?: number;
}

/** A passage that the answer refers to as `[n]`. */
export interface Citation extends DocumentPassage {
  n: number;
  /** What of the passage the citing sentences rest on; empty when nothing of it is recognised. */
  spans: Span[];
  /** Of each citing sentence, once the answer is whole. */
  checks?: CitationCheck[];
}

/** Whether a passage says what a sentence of the answer says, as a rule tells. */
export interface CitationCheck {
  /** Name of the rule. */
  rule: string;
  /** Without its markers. */
  sentence: string;
  supported: boolean;
  /** Another passage that the sentence cites supports it. */
  supportedElsewhere?: true;
  /** Share of the sentence's words that the place in the passage has, 0 to 1. */
  overlap: number;
  /** The place that was looked at. */
  start: number;
  end: number;
  /** Why not. */
  reason?: string;
}

export interface SourceDocument {
  documentId: string;
  mediaType: string;
  title: string;
  filename?: string;
}

export type StepStatus = "running" | "completed" | "failed" | "bypassed" | "canceled";

export interface Step {
  node: string;
  kind: string;
  tool: string;
  status: StepStatus;
  durationMs?: number;
  /** Why its model's text is not whole. */
  cutShort?: CutShort;
}

export type RunEvent =
  | { type: "start"; runId: string; conversationId: string; messageId: string; questionId: string }
  | { type: "title"; title: string }
  | { type: "step-start" }
  | { type: "node"; step: Step }
  /** What has been shown since `step-start` is void. */
  | { type: "restart"; reason: string }
  | { type: "text-start" }
  | { type: "text-delta"; text: string }
  | { type: "text-end" }
  | { type: "source"; document: SourceDocument }
  /** Replaces an earlier citation of the same number. */
  | { type: "citation"; citation: Citation }
  | { type: "step-end" }
  // The last event of a run is one of these three.
  | { type: "end"; usage: TokenUsage; durationMs: number }
  | { type: "stop" }
  | { type: "error"; text: string; interrupted?: true };

/** An event with its place in the log. */
export interface Logged {
  seq: number;
  event: RunEvent;
}

export function isLast(event: RunEvent): boolean {
  return event.type === "end" || event.type === "stop" || event.type === "error";
}
