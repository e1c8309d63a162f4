// What is done with an index besides filling it: create, query, evaluate, export, and the keys of the search service.

import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import { keyFolder } from "../../config/folder.ts";
import { readSearchKeys, regenerateSearchKey } from "../../entry/route/search-key.ts";
import { type Evaluation, evaluateIndex, readQuestions } from "../../search/evaluate/evaluate.ts";
import type { Hit, QueryMode } from "../../search/search-index.ts";
import type { Console } from "../console.ts";
import { exportPassages } from "./export.ts";
import { askIndex, type IndexOptions, readIndex, useIndex } from "./use.ts";
import { configOf } from "../option.ts";

interface JsonOptions extends IndexOptions {
  json?: boolean;
}

interface QueryOptions extends JsonOptions {
  mode: QueryMode;
  top: number;
}

interface EvaluateOptions extends JsonOptions {
  queries: string;
  k: number;
}

const LONGEST_SHOWN = 300;

export function addQueryCommands(sub: (name: string, description: string) => Command, console: Console): void {
  sub("create <name>", "make an empty index").action((name: string, options: JsonOptions) =>
    useIndex({ ...options, index: name }, async ({ index }) => {
      const statistics = await index.statistics();
      console.print(
        options.json
          ? JSON.stringify({ name, ...statistics })
          : `The index ${name} has ${statistics.passages} passages.`,
      );
    }),
  );
  sub("query <text>", "search an index")
    .addOption(new Option("-m, --mode <mode>", "how to search").choices(["text", "vector", "hybrid"]).default("hybrid"))
    .option("-k, --top <number>", "how many results", count, 5)
    .action((text: string, options: QueryOptions) => query(text, options, console));
  sub("evaluate", "measure an index by questions whose documents are known: nDCG@10, MRR@10 and recall")
    .requiredOption("--queries <file>", 'JSON lines: {"question": "...", "relevant": ["file.md"]}')
    .option("-k <number>", "recall among so many", count, 10)
    .action((options: EvaluateOptions) => evaluate(options, console));
  sub("export [file]", "write all passages as JSON lines").action((file: string | undefined, options: JsonOptions) =>
    exportPassages(file, options, console),
  );
  sub("keys", "the keys of the search service")
    .addOption(
      new Option("--regenerate <key>", "make one key anew; the old one opens nothing any more").choices([
        "admin",
        "query",
      ]),
    )
    .action(async ({ regenerate, ...options }: KeyOptions) => {
      const folder = keyFolder(configOf(options).config);
      const keys = regenerate ? await regenerateSearchKey(folder, regenerate) : await readSearchKeys(folder);
      if (options.json) return console.print(JSON.stringify(keys, null, 2));
      console.print(`admin key  ${keys.adminKey}`);
      console.print(`query key  ${keys.queryKey}`);
    });
}

type KeyOptions = JsonOptions & { regenerate?: "admin" | "query" };

function query(text: string, { mode, top, json, ...options }: QueryOptions, console: Console): Promise<void> {
  return askIndex(options, async (index, wordsOnly) => {
    const possible = wordsOnly && mode === "hybrid" ? "text" : mode;
    const { hits, degraded } = await index.query({ text, mode: possible, top, readers: "all" });
    if (json) return console.print(JSON.stringify({ hits, degraded }, null, 2));
    // Hybrid is what is asked for when nothing is said, and an index without vectors does what it can.
    if (mode === "vector") for (const reason of degraded) console.say(`note: ${reason}`);
    if (hits.length === 0) console.say("Nothing found.");
    for (const hit of hits) console.print(shown(hit));
  });
}

/** Of a long passage, the sentence that says most. */
function shown({ passage: { title, headings, page, text }, score, caption }: Hit): string {
  const place = [title, ...headings].join(" > ") + (page === undefined ? "" : `, page ${page}`);
  const flat = (text.length > LONGEST_SHOWN && caption ? caption.text : text).replaceAll(/\s+/g, " ");
  return `${score.toFixed(3)}  ${place}\n       ${flat.length > LONGEST_SHOWN ? `${flat.slice(0, LONGEST_SHOWN)}…` : flat}`;
}

async function evaluate({ queries, k, json, ...options }: EvaluateOptions, console: Console): Promise<void> {
  const text = await readFile(queries, "utf8").catch((thrown: Error) => {
    throw new FlowsteadError("NotFound", `${queries} cannot be read: ${thrown.message}`, { cause: thrown });
  });
  const questions = readQuestions(text);
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  const started = performance.now();
  await readIndex(options, async ({ index }) => {
    const evaluation = await evaluateIndex(index, questions, {
      k,
      signal: controller.signal,
      onProgress: (done, total) => {
        const rate = (done * 1000) / Math.max(1, performance.now() - started);
        if (!json) console.bar("Asking", { done, total, rate, remainingSeconds: (total - done) / rate });
      },
    });
    console.settle();
    if (json) return console.print(JSON.stringify({ k, ...evaluation }, null, 2));
    for (const line of table(evaluation, k)) console.print(line);
    if (!evaluation.ways["vector"])
      console.say("The index has no embedder: vector and hybrid search were not measured.");
  });
}

function table({ questions, ways }: Evaluation, k: number): string[] {
  const head = ["", "nDCG@10", "MRR@10", `recall@${k}`];
  const rows = Object.entries(ways).map(([name, { ndcg, mrr, recall }]) => [
    name,
    ndcg.toFixed(3),
    mrr.toFixed(3),
    recall.toFixed(3),
  ]);
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  const line = ([name = "", ...values]: string[]): string =>
    [name.padEnd(width), ...values.map((value, at) => value.padStart((head[at + 1] ?? "").length + 2))].join("");
  return [`${questions} questions`, ...[head, ...rows].map(line)];
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 1000) return number;
  throw new InvalidArgumentError("Give a whole number from 1 to 1000.");
}
