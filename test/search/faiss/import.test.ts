// A FAISS index becomes an index of this system: files written by faiss 1.15 and LangChain 0.4 themselves, and files that were
// made to do harm.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { plain } from "../../../src/base/json.ts";
import { openAccounts } from "../../../src/app/account.ts";
import { openFlowIndexes } from "../../../src/cli/flow/lent-index.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { SILENT } from "../../../src/base/log.ts";
import { openFlow } from "../../../src/flow/flow-target.ts";
import { readFlatIndex } from "../../../src/search/faiss/flat-index.ts";
import { unpickle } from "../../../src/search/faiss/unpickle.ts";
import { BUILT_IN_TOOLS } from "../../../src/tool/index.ts";
import { runHere } from "../../cli/in-process.ts";
import { flowResources, runFlow, writeFolder } from "../../flow/flow-folder.ts";

// FAISS.from_texts(["A cat tree.", "Tomato soup – hot.", "Rye bread."], ids=["c", "s", "b"], metadatas=[{"source": "shop/cat.md",
// "page": 1}, {"source": "shop/soup.md", "title": "Soup", "tags": ["a", 2.5, None, True]}, {}]).save_local(...)
const INDEX =
  "SXhGMgQAAAADAAAAAAAAAAAAEAAAAAAAAAAQAAAAAAABAQAAAAwAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAAAAAAIA/AAAAAAAAAADNzMw9ZmZmPwAAAAAAAAAA";
const PICKLE =
  "gASVIgIAAAAAAACMJmxhbmdjaGFpbl9jb21tdW5pdHkuZG9jc3RvcmUuaW5fbWVtb3J5lIwQSW5NZW1vcnlEb2NzdG9yZZSTlCmBlH2UjAVfZGljdJR9lCiMAWOUjB1sYW5nY2hhaW5fY29yZS5kb2N1bWVudHMuYmFzZZSMCERvY3VtZW50lJOUKYGUfZQojAhfX2RpY3RfX5R9lCiMAmlklGgHjAhtZXRhZGF0YZR9lCiMBnNvdXJjZZSMC3Nob3AvY2F0Lm1klIwEcGFnZZRLAXWMDHBhZ2VfY29udGVudJSMC0EgY2F0IHRyZWUulIwEdHlwZZRoCXWMEl9fcHlkYW50aWNfZXh0cmFfX5ROjBdfX3B5ZGFudGljX2ZpZWxkc19zZXRfX5SPlChoFWgQaA+QjBRfX3B5ZGFudGljX3ByaXZhdGVfX5ROdWKMAXOUaAopgZR9lChoDX2UKGgPaBxoEH2UKGgSjAxzaG9wL3NvdXAubWSUjAV0aXRsZZSMBFNvdXCUjAR0YWdzlF2UKIwBYZRHQAQAAAAAAABOiGV1aBWMFFRvbWF0byBzb3VwIOKAkyBob3QulGgXaAl1aBhOaBmPlChoFWgQaA+QaBtOdWKMAWKUaAopgZR9lChoDX2UKGgPaCloEH2UaBWMClJ5ZSBicmVhZC6UaBdoCXVoGE5oGY+UKGgVaBBoD5BoG051YnVzYn2UKEsAaAdLAWgcSwJoKXWGlC4=";
// IndexIDMap(IndexFlatL2(2)) with [1, 2] as 7 and [3, 4] as 9.
const MAPPED =
  "49784d700200000002000000000000000000100000000000000010000000000001010000004978463202000000020000000000000000001000000000000000100000000000010100000004000000000000000000803f0000004000004040000080400200000000000000" +
  "07000000000000000900000000000000";

const bytes = (base64: string): Buffer => Buffer.from(base64, "base64");

function faissFolder(
  context: TestContext,
  files: Record<string, Uint8Array | string>,
): { folder: string; home: string } {
  const top = writeFolder(context, {});
  const folder = path.join(top, "Shop_Index");
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  return { folder, home: path.join(top, "home") };
}

const LOOK_UPS = {
  "flow.dag.yaml": `inputs: {q: {type: string}, v: {type: list}}
outputs: {words: {type: list, reference: "\${words.output}"}, near: {type: list, reference: "\${near.output}"}}
nodes:
- name: words
  type: python
  source: {type: package, tool: promptflow_vectordb.tool.common_index_lookup.search}
  inputs:
    mlindex_content: "embeddings: {kind: none}\\nindex: {kind: faiss, engine: langchain.vectorstores.FAISS, path: 'azureml://paths/Shop_Index/'}"
    queries: \${inputs.q}
    query_type: Keyword
    top_k: 1
- name: near
  type: python
  source: {type: package, tool: promptflow_vectordb.tool.faiss_index_lookup.FaissIndexLookup.search}
  inputs: {path: ./Shop_Index, vector: "\${inputs.v}", top_k: 2}
`,
};

type Found = { text: string; metadata: { source: { url: string } }; original_entity: Record<string, string> }[];

async function lookUp(context: TestContext, home: string): Promise<{ words: Found; near: Found }> {
  const { config } = loadConfig({ env: {}, overrides: { home } });
  const indexes = openFlowIndexes(config, undefined, {
    accounts: openAccounts({ config, log: SILENT }),
    log: SILENT,
  });
  const target = await openFlow({
    directory: writeFolder(context, LOOK_UPS),
    tools: BUILT_IN_TOOLS,
    resources: { ...flowResources(), searchIndex: (name) => indexes.open(name) },
  });
  try {
    const { outputs, error } = await runFlow(target, { q: "soup", v: [0.1, 0.9, 0, 0] });
    if (error) throw new Error(error.message);
    return plain(outputs!) as { words: Found; near: Found };
  } finally {
    await target.close();
    await indexes.close();
  }
}

describe("index import", () => {
  it("flows look a FAISS index up by words and by vector, under its folder's name", async (context) => {
    const { folder, home } = faissFolder(context, { "index.faiss": bytes(INDEX), "index.pkl": bytes(PICKLE) });
    await assert.rejects(
      lookUp(context, home),
      /FAISS index \S+Shop_Index.*flowstead index import FOLDER --index shop-index/,
    );
    const imported = await runHere(["index", "import", folder, "--home", home]);
    assert.equal(
      imported.stdout,
      "Imported 3 documents with vectors of 4 dimensions as the index shop-index.\n",
      imported.stderr,
    );
    const { words, near } = await lookUp(context, home);
    assert.deepEqual(
      words.map(({ text, metadata }) => [text, metadata.source.url]),
      [["Tomato soup – hot.", "shop/soup.md"]],
    );
    assert.deepEqual(JSON.parse(words[0]!.original_entity["meta_json_string"]!), {
      source: "shop/soup.md",
      title: "Soup",
      tags: ["a", 2.5, null, true],
    });
    assert.deepEqual(
      near.map(({ text }) => text),
      ["Rye bread.", "Tomato soup – hot."],
    );
    // The command line asks it too, and makes no index of its own in front of it.
    const asked = await runHere(["index", "query", "soup", "--index", "shop-index", "--home", home, "--top", "1"]);
    assert.match(asked.stdout, /Soup\n.*Tomato soup – hot\./, asked.stderr);
    const added = await runHere(["index", "status", "--index", "shop-index", "--home", home]);
    assert.match(added.stderr, /index shop-index holds documents.*--index/);
    assert.equal((await lookUp(context, home)).words.length, 1);
    const again = await runHere(["index", "import", folder, "--home", home]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /'shop-index'.*already exists/);
    const replaced = await runHere(["index", "import", folder, "--home", home, "--replace", "--json"]);
    assert.deepEqual(JSON.parse(replaced.stdout), { name: "shop-index", documents: 3, dimensions: 4 });
    // A name that documents were added under is theirs.
    await runHere(["index", "create", "taken", "--home", home]);
    const taken = await runHere(["index", "import", folder, "--home", home, "--index", "taken"]);
    assert.match(taken.stderr, /index taken of documents that were added.*--index/);
  });

  it("documents may stand in JSON lines; what does not fit together is told", async (context) => {
    const lines = [
      '{"page_content": "Tomato soup", "metadata": {"source": {"url": "a.md"}}}',
      '{"text": "Cat", "id": "no key!"}',
    ];
    const { folder, home } = faissFolder(context, { "index.faiss": bytes(INDEX), "docstore.jsonl": lines.join("\n") });
    const run = (...words: string[]) => runHere(["index", "import", folder, "--home", home, ...words]);
    assert.match((await run()).stderr, /3 vectors and 2 documents/);
    writeFileSync(path.join(folder, "index.faiss"), Buffer.from(MAPPED, "hex"));
    const imported = await run("--index", "mapped", "--json");
    assert.deepEqual(JSON.parse(imported.stdout), { name: "mapped", documents: 2, dimensions: 2 }, imported.stderr);
    writeFileSync(path.join(folder, "docstore.jsonl"), "{}\n");
    assert.match((await run()).stderr, /docstore\.jsonl cannot be read: line 1 is no object with "page_content"/);
    const nothing = await runHere(["index", "import", path.join(folder, "none"), "--home", home]);
    assert.match(nothing.stderr, /There is no .*index\.faiss.*save_local/);
  });

  it("a pickle that does more than hold documents is refused, and does nothing", async (context) => {
    const harm = path.join(writeFolder(context, {}), "harm");
    const harmful = "cos\nsystem\n(S'touch HERE'\ntR.";
    const { folder, home } = faissFolder(context, {
      "index.faiss": bytes(INDEX),
      "index.pkl": harmful.replace("HERE", harm),
    });
    const refused = await runHere(["index", "import", folder, "--home", home]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /more than LangChain documents \("os"\."system"\).*docstore\.jsonl/);
    assert.doesNotMatch(refused.stderr, /\n\s+at /);
    assert.equal(existsSync(harm), false);
    const refuses = (text: string, message: RegExp): void => {
      assert.throws(() => unpickle(Buffer.from(text, "latin1"), "x.pkl"), { message }, JSON.stringify(text));
    };
    refuses("cbuiltins\neval\n.", /"builtins"\."eval"/);
    refuses("clangchain_core.load\nloads\n.", /"langchain_core\.load"\."loads"/);
    refuses("cevil\nDocument\n.", /"evil"\."Document"/);
    refuses("clangchain.schema\nDocument\n(tR.", /instruction 0x52/);
    refuses("clangchain.schema\nDocument\n\x8c\x01a\x85\x81.", /made with arguments/);
    refuses("\x80\x04K", /ends too early/);
    refuses("e.", /a group has no start/);
    refuses("h\x05.", /nothing is remembered/);
    refuses("\x8d\xff\xff\xff\xff\xff\xff\xff\x7f", /holds the number/);
    refuses("X\xff\xff\xff\x7fa.", /ends too early/);
    assert.deepEqual(
      unpickle(Buffer.from("\x80\x04(K\x01J\xfe\xff\xff\xff\x8a\x02\x00\x80\x89Nt.", "latin1"), "x.pkl"),
      [1, -2, -32768, false, null],
    );
  });

  it("metadata that holds itself, or unfolds without an end, is refused", async (context) => {
    const pickleOf = (value: string): string =>
      "clangchain_community.docstore.in_memory\nInMemoryDocstore\n)\x81}\x8c\x05_dict}\x8c\x01a" +
      "clangchain_core.documents.base\nDocument\n)\x81}(\x8c\x0cpage_content\x8c\x01t\x8c\x08metadata" +
      `}\x8c\x01k${value}sub` +
      "ssb}K\x00\x8c\x01as\x86.";
    const lines = { "index.faiss": bytes(INDEX) };
    const itself = pickleOf("]q\x00h\x00a");
    // Thirty pairs, each of the one before twice.
    const pair = (at: number): string => `h${String.fromCodePoint(at)}\x86q${String.fromCodePoint(at + 1)}`;
    const bomb = pickleOf(`]q\x00${Array.from({ length: 30 }, (_, at) => pair(at)).join("")}`);
    for (const pickle of [itself, bomb]) {
      const { folder, home } = faissFolder(context, { ...lines, "index.pkl": Buffer.from(pickle, "latin1") });
      const refused = await runHere(["index", "import", folder, "--home", home]);
      assert.match(refused.stderr, /index\.pkl cannot be read: the document of vector 0 has metadata without an end/);
    }
  });

  it("only flat indexes that are whole are read", () => {
    const good = bytes(INDEX);
    assert.deepEqual(readFlatIndex(good, "x").metric, "euclidean");
    const product = Buffer.from(good);
    product.write("IxFI");
    product.writeInt32LE(0, 29 + 4);
    assert.equal(readFlatIndex(product, "x").metric, "dotProduct");
    for (const length of [0, 3, 20, 40, good.length - 1]) {
      assert.throws(() => readFlatIndex(good.subarray(0, length), "x.faiss"), { code: "DocumentDamaged" }, `${length}`);
    }
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(good);
      copy.writeInt32LE(value, at);
      return copy;
    };
    assert.throws(() => readFlatIndex(changed(8, 1_000_000_000), "x"), /numbers for 1000000000 vectors/);
    assert.throws(() => readFlatIndex(changed(4, 100_000), "x"), /100000 dimensions/);
    const graph = Buffer.from(good);
    graph.write("IHNf");
    assert.throws(() => readFlatIndex(graph, "x"), /of the kind 'IHNf'.*reconstruct_n/);
    assert.throws(() => readFlatIndex(Buffer.from("%PDF-1.7"), "x"), /no FAISS index/);
  });
});
