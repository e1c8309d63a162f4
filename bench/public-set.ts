// The public question sets that ranking is measured by, read from the files as their publishers made them.

import { readFile } from "node:fs/promises";
import path from "node:path";

export interface QuestionSet {
  documents: { id: string; title: string; text: string }[];
  questions: { text: string; relevant: Record<string, number> }[];
}

export interface PublicSet {
  name: string;
  /** Files below the folder of all sets. */
  files: string[];
  /** nDCG@10 of the same set in Lucene with its English analysis, and what ours has to reach. */
  lucene: number;
  goal: number;
  read(texts: readonly string[]): QuestionSet;
}

// One paragraph in the same place of the three shifted sets has about thirty questions: so many are asked.
const ASKED = 1100;

type Reader = PublicSet["read"];

/** The folder of a set has its name. */
function publicSet(name: string, [lucene, goal]: [number, number], read: Reader, ...files: string[]): PublicSet {
  return { name, lucene, goal, read, files: files.map((file) => `${name}/${file}`) };
}

export const PUBLIC_SETS: readonly PublicSet[] = [
  publicSet("scifact", [0.6827, 0.6959], beir, "corpus.jsonl", "queries.jsonl", "qrels/test.tsv"),
  // The judgements count the questions, whose own numbers have gaps.
  publicSet("cranfield", [0.3928, 0.3968], byPlace, "cran.all.1400", "cran.qry", "cranqrel"),
  publicSet("cisi", [0.371, 0.4058], smart, "CISI.ALL", "CISI.QRY", "CISI.REL"),
  publicSet("cacm", [0.5173, 0.5251], smart, "cacm.all", "query.text", "qrels.text"),
  publicSet("vaswani", [0.4326, 0.4488], vaswani, "doc-text", "query-text", "rlv-ass"),
  publicSet("squad-new-wiki", [0.8777, 0.8889], squad, "new_wiki_v1.0.json"),
  publicSet("squad-amazon", [0.4121, 0.4457], squad, "amazon_reviews_v1.0.json"),
  publicSet("squad-reddit", [0.5757, 0.5998], squad, "reddit_v1.0.json"),
];

/** Undefined when a file of the set is not there. */
export async function readSet(set: PublicSet, folder: string): Promise<QuestionSet | undefined> {
  const texts: string[] = [];
  for (const file of set.files) {
    try {
      texts.push(await readFile(path.join(folder, file), "utf8"));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw thrown;
    }
  }
  return set.read(texts);
}

function byPlace(texts: readonly string[]): QuestionSet {
  return smart(texts, { isByPlace: true });
}

/** Records of lines `.I id`, `.T`, `.W` and others, each with lines of text below; judgements `question document ...`. */
function smart(texts: readonly string[], { isByPlace = false } = {}): QuestionSet {
  const [documents = "", questions = "", judgements = ""] = texts;
  const relevant = new Map<string, Record<string, number>>();
  for (const line of judgements.split("\n")) {
    const [question, document, grade] = line.trim().split(/\s+/);
    // Cranfield marks what is of no interest with -1.
    if (question && document && grade !== "-1") add(relevant, String(Number(question)), document);
  }
  return {
    documents: records(documents).map(({ id, fields }) => ({
      id,
      title: fields.get("T") ?? "",
      text: textOf(fields),
    })),
    questions: asked(
      records(questions).map(({ id, fields }, at) => ({
        id: isByPlace ? String(at + 1) : id,
        text: textOf(fields),
      })),
      relevant,
    ),
  };
}

/** Text, authors and keywords; the title of a document that is not also its first sentence. */
function textOf(fields: ReadonlyMap<string, string>): string {
  const [title = "", text = "", ...others] = ["T", "W", "A", "K"].map((field) => fields.get(field) ?? "");
  return [...(text.startsWith(title) ? [] : [title]), text, ...others].filter((one) => one !== "").join("\n");
}

function records(text: string): { id: string; fields: Map<string, string> }[] {
  return text
    .split(/^\.I /m)
    .slice(1)
    .map((record) => {
      const [id = "", ...lines] = record.split("\n");
      const fields = new Map<string, string>();
      let field = "";
      for (const line of lines) {
        const mark = /^\.([A-Z])\s*$/.exec(line);
        if (mark) field = mark[1]!;
        else fields.set(field, `${fields.get(field) ?? ""}${line}\n`);
      }
      for (const [name, value] of fields) fields.set(name, value.trim());
      return { id: String(Number(id.trim())), fields };
    });
}

function vaswani(texts: readonly string[]): QuestionSet {
  const [documents = [], questions = [], judgements = []] = texts.map((text) =>
    Array.from(text.matchAll(/^\s*(\d+)\s*\n([^/]*)\//gm), ([, id = "", body = ""]) => ({ id, body: body.trim() })),
  );
  const relevant = new Map<string, Record<string, number>>();
  for (const { id, body } of judgements) for (const document of body.split(/\s+/)) add(relevant, id, document);
  return {
    documents: documents.map(({ id, body }) => ({ id, title: "", text: body })),
    questions: asked(
      questions.map(({ id, body }) => ({ id, text: body })),
      relevant,
    ),
  };
}

interface Squad {
  data: { paragraphs: { context: string; qas: { question: string }[] }[] }[];
}

/** The paragraph of a question is what it looks for. */
function squad([text = ""]: readonly string[]): QuestionSet {
  const documents: QuestionSet["documents"] = [];
  const questions: QuestionSet["questions"] = [];
  for (const { paragraphs } of (JSON.parse(text) as Squad).data) {
    for (const { context, qas } of paragraphs) {
      const id = String(documents.length);
      documents.push({ id, title: "", text: context });
      for (const { question } of qas) questions.push({ text: question, relevant: { [id]: 1 } });
    }
  }
  const step = Math.max(1, Math.floor(questions.length / ASKED));
  return { documents, questions: questions.filter((_, at) => at % step === 0) };
}

function beir(texts: readonly string[]): QuestionSet {
  const [documents = "", questions = "", judgements = ""] = texts;
  const lines = (text: string): { _id: string; title?: string; text: string }[] =>
    text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as { _id: string; title?: string; text: string });
  const relevant = new Map<string, Record<string, number>>();
  for (const line of judgements.split("\n").slice(1)) {
    const [question, document, grade] = line.trim().split("\t");
    if (question && document && Number(grade) > 0) add(relevant, question, document);
  }
  return {
    documents: lines(documents).map(({ _id, title = "", text }) => ({ id: _id, title, text })),
    questions: asked(
      lines(questions).map(({ _id, text }) => ({ id: _id, text })),
      relevant,
    ),
  };
}

function add(relevant: Map<string, Record<string, number>>, question: string, document: string): void {
  const known = relevant.get(question) ?? {};
  relevant.set(question, { ...known, [String(Number(document))]: 1 });
}

function asked(
  questions: readonly { id: string; text: string }[],
  relevant: ReadonlyMap<string, Record<string, number>>,
): QuestionSet["questions"] {
  return questions.flatMap(({ id, text }) => (relevant.has(id) ? [{ text, relevant: relevant.get(id)! }] : []));
}
