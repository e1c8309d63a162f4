// An answer's content, and how the events of its run add up to it. The same sum is taken while the run lives, at its
// end, and after a crash from what was logged.

import { type Citation, type Logged, type RunEvent, type SourceDocument, type Step } from "./event.ts";
import { type UiPart, uiPart } from "./ui-stream.ts";

/** Parts of a stored message as the page reads them; the wire's parts, and text as a whole. */
export type ContentPart =
  | { type: "text"; text: string }
  | Extract<UiPart, { type: "data-node" | "data-citation" | "source-document" }>;

export interface MessageContent {
  text: string;
  /** Everything but the text. */
  parts: ContentPart[];
}

/** Adds up the events of one run, in order. */
export class ContentFold {
  #text: string[] = [];
  #steps = new Map<string, Step>();
  #sources = new Map<string, SourceDocument>();
  #citations = new Map<number, Citation>();
  #seq = 0;

  /** Number of the last event taken in. */
  get seq(): number {
    return this.#seq;
  }

  push({ seq, event }: Logged): void {
    this.#seq = seq;
    this.#take(event);
  }

  content(): MessageContent {
    const text = this.#text.join("");
    this.#text = [text];
    const events: RunEvent[] = [
      ...[...this.#steps.values()].map((step) => ({ type: "node" as const, step })),
      ...[...this.#sources.values()].map((document) => ({ type: "source" as const, document })),
      ...[...this.#citations.values()]
        .sort((a, b) => a.n - b.n)
        .map((citation) => ({ type: "citation" as const, citation })),
    ];
    return { text, parts: events.map((event) => uiPart(event) as ContentPart) };
  }

  #take(event: RunEvent): void {
    switch (event.type) {
      case "node":
        this.#steps.set(event.step.node, event.step);
        break;
      case "restart":
        this.#text = [];
        this.#steps.clear();
        this.#sources.clear();
        this.#citations.clear();
        break;
      case "text-delta":
        this.#text.push(event.text);
        break;
      case "source":
        this.#sources.set(event.document.documentId, event.document);
        break;
      case "citation":
        this.#citations.set(event.citation.n, event.citation);
        break;
      case "end":
      case "stop":
      case "error":
        this.#settle();
        break;
    }
  }

  /** No step is left running in an answer that has ended. */
  #settle(): void {
    for (const [node, step] of this.#steps) {
      if (step.status === "running") this.#steps.set(node, { ...step, status: "canceled" });
    }
  }
}

/** All parts in the order of the page: steps and sources, the text, its citations. */
export function allParts({ text, parts }: MessageContent): ContentPart[] {
  const isCitation = (part: ContentPart): boolean => part.type === "data-citation";
  return [
    ...parts.filter((part) => !isCitation(part)),
    ...(text === "" ? [] : [{ type: "text" as const, text }]),
    ...parts.filter(isCitation),
  ];
}
