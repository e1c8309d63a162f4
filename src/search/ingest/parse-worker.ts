// Runs as a process of its own, so that a file that hangs or fills the memory takes the process with it and nothing else.

import { Worker } from "node:worker_threads";
import { FlowsteadError } from "../../base/error/error.ts";
import { detectLanguage } from "../analysis/detect-language.ts";
import { chunkDocument } from "./chunk/chunk.ts";
import { parseDocument } from "./parse.ts";
import type { ParseAnswer, ParseTask } from "./parse-task.ts";

// Reading a file can keep this thread busy for ever, so another one watches: memory outside of the heap, whose limit the engine
// knows, and whether who started it is still there.
const GUARD = `
  const { workerData: { most, parent } } = require("node:worker_threads");
  setInterval(() => {
    if (process.memoryUsage.rss() > most || process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, 100);
`;

const memoryMb = Number(process.argv[2]);
// What it takes before it reads anything is not the file's.
const most = process.memoryUsage.rss() + memoryMb * 2 ** 20;
new Worker(GUARD, { eval: true, execArgv: [], workerData: { most, parent: process.ppid } }).unref();

process.on("disconnect", () => process.exit());
process.on("message", (task: ParseTask) => {
  void answer(task).then((message) => process.send?.(message));
});
process.send?.("ready");

async function answer({ bytes, name, limits }: ParseTask): Promise<ParseAnswer> {
  try {
    const document = await parseDocument(bytes, name, limits);
    const chunks = chunkDocument(document);
    if (chunks.length === 0) throw new FlowsteadError("DocumentEmpty", "It holds no text.");
    const { title, mediaType, pages, notes } = document;
    const read: ParseAnswer = { ok: { title, mediaType, notes, chunks } };
    if (pages !== undefined) read.ok.pages = pages;
    const language = detectLanguage(document.text);
    if (language !== undefined) read.ok.language = language;
    return read;
  } catch (thrown) {
    const { code, message } = FlowsteadError.from(thrown);
    // Whatever a parser throws at odd input is the file's fault until shown otherwise.
    return { failed: { code: code === "Unexpected" ? "DocumentDamaged" : code, message } };
  }
}
