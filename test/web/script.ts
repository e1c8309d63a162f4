// Scripted answers.

import type { Citation, Session, StreamPart } from "../../web/shared/wire/contract.ts";
import type { Beat } from "./fake-run.ts";

export const SESSION: Session = {
  user: { id: "u1", name: "Ada Lindqvist" },
  title: "Ask the Larkfield handbook",
  model: { id: "gpt-4.1-mini", isLanguageModel: true },
  examples: [
    "How many days of leave do part-timers get?",
    "Who pays for the train to a customer?",
    "What does the warranty of the L-200 cover?",
    "How do I report a security incident?",
  ],
  documents: 15,
};

const PASSAGE =
  "Full-time employees have 28 days of paid leave a year. Part-time employees have leave in proportion to their hours: " +
  "someone who works three days a week has 17 days. Days that are not taken by 31 March of the next year lapse.";

/** What an indexed handbook looks like below its paragraphs: tables, one too wide for the panel, and lists. */
const PASSAGE_WITH_TABLES = `Requests go to the line manager at least two weeks ahead.

| Kind of leave | Days | Who decides |
| --- | ---: | --- |
| Moving house \\| <b>once a year</b> | 1 day | Line manager |
| Wedding | 2 days | |

| Month | Offices | Warehouses | Workshops | Laboratories | Headquarters | Representatives |
| --- | --- | --- | --- | --- | --- | --- |
| January | open | closed | closed | open | open | open |

Bring to the talk:

- the dates
  - and who stands in
- the form

1. The manager signs.
2. Payroll is told.`;

export const CITATIONS: Citation[] = [
  {
    n: 1,
    passageId: "p1",
    documentId: "d1",
    title: "Employee handbook",
    headings: ["Leave", "Part-time staff"],
    text: PASSAGE,
    source: "handbook/leave.md",
    score: 7.1,
    spans: [spanOf("someone who works three days a week has 17 days")],
  },
  {
    n: 2,
    passageId: "p2",
    documentId: "d2",
    title: "Works agreement 2026",
    page: 4,
    text: "Leave that lapses is not paid out, except when the employment ends.",
    source: "agreements/works-agreement-2026.pdf",
    score: 5.2,
    spans: [{ start: 0, end: 31 }],
    checks: [
      {
        rule: "rule-based: words, figures, units, dates, negation",
        sentence: "Leave that lapses is paid out.",
        supported: false,
        reason: "the source denies what the sentence says",
      },
    ],
  },
  {
    n: 3,
    passageId: "p3",
    documentId: "d1",
    title: "Employee handbook",
    headings: ["Leave", "How to ask for it"],
    text: PASSAGE_WITH_TABLES,
    source: "handbook/leave.md",
    score: 3.3,
    spans: [
      spanOf("| Moving house \\| <b>once a year</b> | 1 day", PASSAGE_WITH_TABLES),
      spanOf("who stands in\n- the form", PASSAGE_WITH_TABLES),
    ],
  },
];

export const ANSWER =
  "Part-timers have leave **in proportion to their hours**. Someone who works three days a week has 17 days a year [1].\n\n" +
  "| Days a week | Leave |\n| --- | ---: |\n| 5 | 28 days |\n| 4 | 23 days |\n| 3 | 17 days |\n\n" +
  "Two things to know:\n\n- Days that are not taken by **31 March** of the next year lapse [1].\n" +
  "- Lapsed days are not paid out, except when the employment ends [2].\n";

/** A whole answer: steps, sources, text in small pieces. `gate` stops it after the first third of the text. */
export function* wholeAnswer(options: { text?: string; gate?: string; pieceMs?: number } = {}): Iterable<Beat> {
  const { text = ANSWER, gate, pieceMs = 4 } = options;
  yield* node("lookup", "python", "promptflow_vectordb.tool.common_index_lookup.search", 30);
  for (const data of CITATIONS) yield say({ type: "data-citation", id: `citation-${data.n}`, data });
  yield* node("format_sources", "python", "format_sources.py", 5);
  yield* node("answer_prompt", "prompt", "prompt", 2);
  yield say(nodePart("answer", "llm", "llm", "running"));
  yield say({ type: "text-start", id: "t1" });
  const pieces = text.match(/[^]{1,7}/g) ?? [];
  for (const [at, delta] of pieces.entries()) {
    if (gate && at === Math.ceil(pieces.length / 3)) yield { gate };
    if (pieceMs > 0) yield { waitMs: pieceMs };
    yield say({ type: "text-delta", id: "t1", delta });
  }
  yield say({ type: "text-end", id: "t1" });
  yield say(nodePart("answer", "llm", "llm", "completed", 1_240));
  yield say({ type: "finish", messageMetadata: { durationMs: 1_420 } });
}

export function* textAnswer(text: string): Iterable<Beat> {
  yield say({ type: "text-start", id: "t1" });
  yield say({ type: "text-delta", id: "t1", delta: text });
  yield say({ type: "text-end", id: "t1" });
  yield say({ type: "finish", messageMetadata: { durationMs: 5 } });
}

export function* node(name: string, kind: string, tool: string, durationMs: number): Iterable<Beat> {
  yield say(nodePart(name, kind, tool, "running"));
  yield { waitMs: durationMs };
  yield say(nodePart(name, kind, tool, "completed", durationMs));
}

export const say = (part: StreamPart): Beat => ({ say: part });

export function nodePart(
  node: string,
  kind: string,
  tool: string,
  status: "running" | "completed" | "failed",
  durationMs?: number,
): StreamPart {
  const data = { node, kind, tool, status, ...(durationMs === undefined ? {} : { durationMs }) };
  return { type: "data-node", id: node, data };
}

function spanOf(words: string, passage = PASSAGE): { start: number; end: number } {
  const start = passage.indexOf(words);
  return { start, end: start + words.length };
}
