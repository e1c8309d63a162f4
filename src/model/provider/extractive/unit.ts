import { type Block, blocksOf } from "./block.ts";
import type { QuotedDocument } from "./document.ts";
import { plainText, sentencesOf } from "./sentence.ts";
import { stemsOf } from "./word.ts";

/** The smallest thing that is quoted: a sentence, a list item or a table row. */
export interface Unit {
  document: QuotedDocument;
  /** Place of the document in the prompt, from 0. */
  rank: number;
  /** Place in the document, from 0. */
  order: number;
  /** Of the block it stands in; sentences of one paragraph and rows of one table share it. */
  block: number;
  kind: "sentence" | "item" | "row" | "code";
  text: string;
  stems: string[];
  /** What introduces it: the sentence before its list, the header of its table, the question it answers. */
  leadIn: string;
  leadStems: Set<string>;
  /** From the outermost heading to the nearest. */
  headingStems: Set<string>[];
  titleStems: Set<string>;
  /** A question or a bold label; quoted only together with what follows it. */
  introduces: boolean;
}

const MAX_CHARS = 600;

/** Everything of a document that can be quoted, in its order. */
export function unitsOf(document: QuotedDocument, rank: number): Unit[] {
  const units: Unit[] = [];
  const headings = document.headings.map((heading) => ({ level: 0, stems: new Set(stemsOf(heading)) }));
  const titleStems = new Set(stemsOf(document.title));
  let leadIn = "";
  let isFaq = false;

  const add = (kind: Unit["kind"], text: string, block: number, lead = leadIn, introduces = false): void => {
    if (text === "") return;
    units.push({
      document,
      rank,
      order: units.length,
      block,
      kind,
      text: text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS).replace(/\s+\S*$/, "")} …` : text,
      stems: stemsOf(text),
      leadIn: lead,
      leadStems: new Set(stemsOf(lead)),
      headingStems: headings.map((heading) => heading.stems),
      titleStems,
      introduces: introduces || text.endsWith("?"),
    });
  };

  for (const [at, block] of blocksOf(document.body).entries()) {
    if (block.kind === "heading") {
      while ((headings.at(-1)?.level ?? 0) >= block.level) headings.pop();
      headings.push({ level: block.level, stems: new Set(stemsOf(plainText(block.text))) });
      leadIn = "";
    } else if (block.kind === "table") {
      for (const row of block.rows) add("row", rowText(row, block.header), at, tableLead(leadIn, block.header));
      leadIn = "";
    } else if (block.kind === "code") {
      add("code", block.text.replaceAll(/\s*\n\s*/g, "; "), at);
    } else {
      const { label, rest } = labelOf(block.text.replace(/^(?:\*\*)?[QA][:.](?:\*\*)?\s+/, ""));
      const sentences = sentencesOf(plainText(rest));
      if (block.kind === "paragraph" && !isFaq) leadIn = "";
      isFaq = false;
      if (label !== "") {
        add(block.kind === "item" ? "item" : "sentence", label, at, leadIn, true);
        leadIn = label;
      }
      for (const sentence of sentences) {
        add(block.kind === "item" ? "item" : "sentence", sentence, at);
        if (sentence.endsWith("?")) {
          leadIn = sentence;
          isFaq = true;
        }
      }
      const last = sentences.at(-1) ?? "";
      if (block.kind === "paragraph" && last.endsWith(":")) leadIn = last;
    }
  }
  return units;
}

/** A bold sentence before others is what they are about, such as a symptom or a question. */
function labelOf(text: string): { label: string; rest: string } {
  const found = /^(?:\*\*|__)([^*_]{3,120}[.!?])(?:\*\*|__)\s+(\S[\s\S]*)$/.exec(text);
  return found ? { label: plainText(found[1] ?? ""), rest: found[2] ?? "" } : { label: "", rest: text };
}

/** `Part-time: 12 days`, `Part-time: 12 (Days)`, or with more columns `Part-time – Leave: 12 days, Sick pay: 6 weeks`. */
function rowText(row: string[], header: string[] | undefined): string {
  const names = (header ?? []).map(plainText);
  const [first = "", ...rest] = row.map(plainText);
  const cells = rest.map((cell, at) => ({ cell, name: names[at + 1] ?? "" })).filter(({ cell }) => cell !== "");
  const [only] = cells;
  if (!only) return first;
  if (cells.length > 1) {
    const named = cells.map(({ cell, name }) => (name === "" ? cell : `${name}: ${cell}`)).join(", ");
    return first === "" ? named : `${first} – ${named}`;
  }
  const isBare = /^[\d.,\s%€$£-]+$/.test(only.cell) && only.name !== "";
  const value = isBare ? `${only.cell} (${only.name})` : only.cell;
  return first === "" ? value : `${first}: ${value}`;
}

function tableLead(leadIn: string, header: Extract<Block, { kind: "table" }>["header"]): string {
  return [leadIn, ...(header ?? []).map(plainText)].filter((part) => part !== "").join(" ");
}
