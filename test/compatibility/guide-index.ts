// A FAISS index over guides of the checkout, taken over with `flowstead index import`, for the example that answers from one.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type Surroundings, command } from "./run.ts";

/** What the example's lookup node is told: an index as the original keeps it, and who embeds its questions. */
export const GUIDE_INDEX = `embeddings:
  kind: open_ai
  model: text-embedding-ada-002
index:
  kind: faiss
  path: promptflow-guides
`;
const MODEL = "text-embedding-ada-002";

/**
 * @param interpreter Python with faiss-cpu and openai
 * @param address of the model server, with its `/v1`
 * @returns a configuration with the embedder whose vectors the index holds
 * @throws Error in the command's words when the index is not taken over
 */
export async function prepareGuideIndex(
  surroundings: Surroundings,
  { guides, interpreter, address }: { guides: string; interpreter: string; address: string },
): Promise<string> {
  const folder = path.join(surroundings.scratch, "promptflow-guides");
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(guides).filter((name) => name.endsWith(".md"));
  const passages = names.flatMap((name) =>
    readFileSync(path.join(guides, name), "utf8")
      .split(/^(?=#+ )/m)
      .filter((text) => text.trim() !== "")
      .map((text) => ({ page_content: text, metadata: { source: { url: `https://guides.invalid/${name}` } } })),
  );
  writeFileSync(path.join(folder, "docstore.jsonl"), passages.map((one) => `${JSON.stringify(one)}\n`).join(""));
  // The model that it asks is served by this process.
  await promisify(execFile)(interpreter, [path.resolve("test/compatibility/faiss_index.py"), folder, address, MODEL]);
  const { status, stderr } = await command(["index", "import", folder, "--replace"], surroundings);
  if (status !== 0) throw new Error(`the index of guides was not taken over: ${stderr.trim()}`);
  const config = path.join(surroundings.scratch, "embedder.yaml");
  const embedder = { provider: "openai", base_url: address, api_key: "fake", model: MODEL };
  writeFileSync(config, JSON.stringify({ embedder }));
  return config;
}
