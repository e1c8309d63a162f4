// Runs in a worker thread, so that a file that hangs or fills the memory takes the thread with it and nothing else.

import { parentPort } from "node:worker_threads";
import { FlowsteadError } from "../../base/error/error.ts";
import { detectLanguage } from "../analysis/detect-language.ts";
import { chunkDocument } from "./chunk/chunk.ts";
import { parseDocument } from "./parse.ts";
import type { ParseAnswer, ParseTask } from "./parse-task.ts";

parentPort?.on("message", (task: ParseTask) => {
  void answer(task).then((message) => parentPort?.postMessage(message));
});

parentPort?.postMessage("ready");

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
