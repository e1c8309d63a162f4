// What was embedded once is not paid again: over a real wire, with a process that is killed in the middle.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import type { Embedder } from "../../src/model/embedder.ts";
import { openEmbedder } from "../../src/model/provider/index.ts";
import { keptEmbedder } from "../../src/search/kept-embedding.ts";
import { createEmbeddedIndex } from "../../src/search/provider/index.ts";
import { type FakeService, fakeService } from "../fake/service.ts";
import { passage } from "../index-suite.ts";
import { sourceFile } from "../program.ts";

const NEVER = new AbortController().signal;

/** Eight numbers that are a text's own. */
function vectorOf(text: string): number[] {
  return Array.from({ length: 8 }, (_, at) => 1 + ((text.charCodeAt(at % Math.max(1, text.length)) * (at + 3)) % 17));
}

interface Paid extends FakeService {
  folder: string;
  /** Texts that were asked of the server since the last look. */
  asked(): string[];
  open(rest?: { mostBytes?: number; model?: string }): Promise<Embedder>;
}

async function paidEmbedder(context: TestContext, onRequest?: (number: number) => void): Promise<Paid> {
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-kept-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const inputOf = (body: string): string[] => (JSON.parse(body) as { input: string[] }).input;
  const service = await fakeService(context, ({ body }, number) => {
    onRequest?.(number);
    return { body: { data: inputOf(body).map((text, index) => ({ index, embedding: vectorOf(text) })) } };
  });
  let seen = 0;
  return {
    ...service,
    folder,
    asked: () => service.requests.slice(seen, (seen = service.requests.length)).flatMap(({ body }) => inputOf(body)),
    async open({ mostBytes, model = "e" } = {}) {
      const bare = await openEmbedder({ provider: "openai", baseUrl: service.url, model, dimensions: 8 });
      context.after(() => bare.close());
      return keptEmbedder(bare, { folder, log: SILENT, ...(mostBytes === undefined ? {} : { mostBytes }) });
    },
  };
}

describe("kept embeddings", () => {
  it("an unchanged passage costs nothing, of a changed document only what changed, in any index and process", async (context) => {
    const paid = await paidEmbedder(context);
    const home = await mkdtemp(path.join(tmpdir(), "flowstead-kept-index-"));
    const index = async (name: string) => {
      const made = await createEmbeddedIndex({
        folder: path.join(home, name),
        name,
        embedder: await paid.open(),
        log: SILENT,
      });
      context.after(() => made.close());
      return made;
    };
    context.after(() => rm(home, { recursive: true, force: true }));
    const one = await index("one");
    const texts = ["otters swim", "seals sleep", "walruses eat"];
    const document = (all: readonly string[]) => all.map((text, at) => passage("sea", at, text));
    await one.replaceDocuments(["sea"], document(texts));
    assert.equal(paid.asked().length, 3);
    const vector = (await one.get("sea-1"))?.vector;
    await one.replaceDocuments(["sea"], document(texts));
    assert.deepEqual(paid.asked(), []);
    // A new passage before them moves all; only its own text is new.
    await one.replaceDocuments(["sea"], document(["new first", ...texts]));
    assert.deepEqual(paid.asked(), ["sea.md\nnew first"]);
    assert.deepEqual((await one.get("sea-2"))?.vector, vector);
    await one.deleteDocuments(["sea"]);
    const other = await index("other");
    await other.upsert(document(texts));
    assert.deepEqual(paid.asked(), []);
    assert.deepEqual((await other.get("sea-1"))?.vector, vector);
    // Questions are asked each time, and other models know nothing of it.
    await (await paid.open()).embed(["otters swim"], "query", NEVER);
    await (await paid.open({ model: "f" })).embed(["sea.md\notters swim"], "document", NEVER);
    assert.deepEqual(paid.asked(), ["otters swim", "sea.md\notters swim"]);
    // The same text twice is asked once.
    await (await paid.open()).embed(["twin", "twin"], "document", NEVER);
    assert.deepEqual(paid.asked(), ["twin"]);
  });

  it("after kill -9 in the middle only what was not answered is asked again", async (context) => {
    let kill = (): unknown => undefined;
    const paid = await paidEmbedder(context, (number) => number === 3 && kill());
    const script = sourceFile("test/search/kept-embedding-writer.ts");
    const child = spawn(process.execPath, [...script, paid.url, paid.folder, "250"], {
      stdio: "inherit",
    });
    kill = () => child.kill("SIGKILL");
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    assert.equal(signal, "SIGKILL");
    const texts = Array.from({ length: 250 }, (_, at) => `text ${at}`);
    assert.equal(paid.asked().length, 250, "96, 96 and the 58 whose answer nobody took");
    const vectors = await (await paid.open()).embed(texts, "document", NEVER);
    assert.deepEqual(paid.asked(), texts.slice(192));
    const norm = Math.hypot(...vectorOf("text 7"));
    assert.ok(vectors[7]!.every((value, at) => Math.abs(value - vectorOf("text 7")[at]! / norm) < 1e-6));
    assert.equal(new Set(vectors).size, 250);
  });

  it("what is damaged or cut short is asked again, and never given", async (context) => {
    const paid = await paidEmbedder(context);
    const texts = ["first", "second", "third"];
    const before = await (await paid.open()).embed(texts, "document", NEVER);
    paid.asked();
    const names = (await readdir(paid.folder)).sort();
    const [key = "", vector = ""] = names.map((name) => path.join(paid.folder, name));
    const bytes = await readFile(vector);
    bytes[0]! ^= 1;
    await writeFile(vector, bytes);
    assert.equal((await stat(vector)).mode & 0o77, 0);
    await truncate(key, (await stat(key)).size - 5);
    assert.deepEqual(await (await paid.open()).embed(texts, "document", NEVER), before);
    assert.deepEqual(paid.asked(), ["first", "third"]);
  });

  it("above the limit the oldest go", async (context) => {
    const paid = await paidEmbedder(context);
    const mostBytes = 16 * 8 * 4;
    for (let at = 0; at < 20; at++) {
      await (await paid.open({ mostBytes })).embed([`text ${at}`], "document", NEVER);
      const now = new Date(Date.now() - (100 - at) * 1000);
      for (const name of await readdir(paid.folder)) {
        const file = path.join(paid.folder, name);
        if ((await stat(file)).mtimeMs > Date.now() - 50_000) await utimes(file, now, now);
      }
    }
    paid.asked();
    const texts = Array.from({ length: 20 }, (_, at) => `text ${at}`);
    await (await paid.open()).embed(texts, "document", NEVER);
    assert.deepEqual(paid.asked(), texts.slice(0, 4));
  });
});
