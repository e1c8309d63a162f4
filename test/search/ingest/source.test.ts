import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { strToU8, zipSync } from "fflate";
import { azureToken } from "../../../src/app/azure-token.ts";
import { SILENT } from "../../../src/base/log.ts";
import { type Collection, openCollection } from "../../../src/search/ingest/collection.ts";
import type { IngestReport } from "../../../src/search/ingest/report.ts";
import type { SourceSettings } from "../../../src/search/ingest/source/open.ts";
import { signV4 } from "../../../src/search/ingest/source/s3.ts";
import { watchSource } from "../../../src/search/ingest/watch.ts";
import { openSearch } from "../../../src/search/provider/index.ts";
import type { Search } from "../../../src/search/search.ts";
import type { SearchIndex } from "../../../src/search/search-index.ts";
import { fakeModel } from "../../fake/openai/start.ts";
import { ACCOUNT, S3_KEY, SAS, type StoreServer, storeServer, TOKEN } from "./object-store-server.ts";

let home: string;
let search: Search;
let index: SearchIndex;
let store: StoreServer;
/** Knows both stores; what a test leaves in it is taken out after it. */
let collection: Collection;

const collect = (sources: SourceSettings = {}): Collection =>
  openCollection({ index, folder: search.folderOf("docs"), sources, log: SILENT });
const s3 = (): SourceSettings => ({
  s3: { access_key_id: S3_KEY.id, secret_access_key: S3_KEY.secret, region: "eu-west-1", endpoint: store.url },
});
const azureBlob = (): SourceSettings => ({
  azure_blob: {
    connection_string: `AccountName=${ACCOUNT.name};AccountKey=${ACCOUNT.key};BlobEndpoint=${store.url}/${ACCOUNT.name}`,
  },
});

before(async () => {
  store = await storeServer();
  home = await mkdtemp(path.join(tmpdir(), "flowstead-source-"));
  search = openSearch({ folder: path.join(home, "search"), log: SILENT });
  index = await search.create("docs");
  collection = collect({ ...s3(), ...azureBlob() });
});

beforeEach(() => {
  store.objects.clear();
  store.calls.length = 0;
  store.disturb = undefined;
  store.accepts = () => false;
});

afterEach(async () => {
  for (const { folder } of await collection.list()) await collection.remove(folder);
  assert.equal((await index.statistics()).passages, 0);
});

after(async () => {
  await store.close();
  await index.close();
  await rm(home, { recursive: true, force: true });
});

async function sources(text: string, readers: string[] | "all" = "all"): Promise<string[]> {
  const { hits } = await index.query({ text, mode: "text", top: 20, readers });
  return [...new Set(hits.map(({ passage }) => passage.source))].sort();
}

function counts({ added, changed, unchanged, removed, failed, skipped }: IngestReport): number[] {
  return [added, changed, unchanged, removed, failed.length, skipped.length];
}

const put = (key: string, text: string): unknown => store.objects.set(key, strToU8(text));
const gets = (): string[] => store.calls.filter((call) => !call.includes("list"));

describe("the signature of Amazon S3", () => {
  it("is that of the published examples", () => {
    const settings = {
      access_key_id: "AKIAIOSFODNN7EXAMPLE",
      secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    };
    const signing = { settings, region: "us-east-1", time: new Date("2013-05-24T00:00:00Z") };
    const signature = (url: string, headers = {}): string | undefined =>
      /Signature=(\w+)/.exec(signV4(new URL(url), headers, signing)["authorization"] ?? "")?.[1];
    assert.equal(
      signature("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J"),
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
    assert.equal(
      signature("https://examplebucket.s3.amazonaws.com/test.txt", { range: "bytes=0-9" }),
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
  });
});

const STORES: Record<string, string> = {
  "Amazon S3": "s3://bucket/hand book",
  "Azure Blob Storage": "az://files/hand book",
};

for (const [name, address] of Object.entries(STORES)) {
  describe(name, () => {
    it("is listed page by page, read once, followed by changes and deletes, and removed", async () => {
      for (const n of [1, 2, 3, 4, 5])
        put(`hand book/part ${n}/vacation & leave(${n}).md`, `# Leave ${n}\n\nVacation rule ${n}.`);
      put("hand book/board/plan.txt", "The secret vacation plan.");
      put("hand book/board/.acl.json", '{"groups": ["board"]}');
      put("hand book/.flowsteadignore", "drafts\n");
      put("hand book/drafts/a.txt", "A draft of vacation.");
      put("hand book/.hidden/b.txt", "Hidden vacation.");
      put("hand bookshelf/c.txt", "Another prefix.");
      const seen: number[] = [];
      const report = await collection.addFolder(address, {
        onProgress: ({ total, remainingSeconds }) => seen.push(total, remainingSeconds ?? -1),
      });
      assert.deepEqual(counts(report), [6, 0, 0, 0, 0, 2], JSON.stringify(report));
      assert.equal(seen.at(-2), 6);
      assert.equal((await sources("vacation", [])).length, 5);
      assert.ok((await sources("secret plan", ["board"])).includes("hand book/board/plan.txt"));

      store.calls.length = 0;
      put("hand book/part 2/vacation & leave(2).md", "# Leave 2\n\nA sabbatical instead.");
      store.objects.delete("hand book/part 3/vacation & leave(3).md");
      assert.deepEqual(counts(await collection.addFolder(`${address}/`)), [0, 1, 4, 1, 0, 2]);
      const read = gets().filter((call) => !/json|ignore/.test(call));
      assert.equal(read.length, 1, read.join("\n"));
      assert.deepEqual(await sources("sabbatical"), ["hand book/part 2/vacation & leave(2).md"]);
      assert.equal((await collection.list())[0]?.folder, address);
      assert.equal((await collection.remove(address)).documents, 5);
      assert.deepEqual(await sources("vacation"), []);
    });
  });
}

describe("a store of objects", () => {
  it("is read by a shared access signature and by a token", async () => {
    put("a.md", "# Vacation\n\nSome words.");
    const endpoint = `${store.url}/${ACCOUNT.name}`;
    const bySignature = { azure_blob: { endpoint, sas_token: `?${SAS}` } };
    assert.deepEqual(counts(await collect(bySignature).addFolder("az://files")), [1, 0, 0, 0, 0, 0]);
    const byToken = { azure_blob: { endpoint, access_token: TOKEN } };
    assert.deepEqual(counts(await collect(byToken).addFolder("az://files")), [0, 0, 1, 0, 0, 0]);
    const status = JSON.stringify(await collect(byToken).list());
    assert.ok(!status.includes("sig="), status);
  });

  it("is read with tokens of an identity, which are renewed: before they end, and once when one is refused", async (context) => {
    const fake = await fakeModel(context, { tokens: { lifeSeconds: 0.2 } });
    const client = { tenant_id: "t", client_id: "c", client_secret: "s", authority: fake.url };
    const about = { resource: "https://storage.azure.com", where: "documents.azure_blob.auth" };
    const seen = new Set<string>();
    const revoked = new Set<string>();
    store.accepts = (token) => token.startsWith("fake-token-") && seen.add(token) !== undefined && !revoked.has(token);
    const by = (auth: object): Collection => {
      const token = azureToken(auth, { ...about, failure: "SourceRefused" });
      return collect({ azure_blob: { endpoint: `${store.url}/${ACCOUNT.name}`, token } });
    };
    for (const n of [1, 2, 3, 4]) put(`${n}.md`, `# Vacation ${n}\n\nSome words.`);
    const short = by({ type: "client_secret", ...client });
    assert.deepEqual(counts(await short.addFolder("az://files")), [4, 0, 0, 0, 0, 0]);
    await delay(250);
    assert.deepEqual(counts(await short.addFolder("az://files")), [0, 0, 4, 0, 0, 0]);
    assert.ok(seen.size >= 2 && fake.journal.entries.every(({ path: at }) => at.includes("/oauth2/v2.0/token")));

    fake.script({ tokens: {} });
    const identity = by({ type: "managed_identity", endpoint: `${fake.url}/metadata/identity/oauth2/token` });
    await identity.addFolder("az://files");
    for (const token of seen) revoked.add(token);
    for (const n of [1, 2, 3, 4]) put(`${n}.md`, `# Vacation ${n}\n\nOther words.`);
    fake.journal.clear();
    assert.deepEqual(counts(await identity.addFolder("az://files")), [0, 4, 0, 0, 0, 0]);
    assert.equal(fake.journal.entries.length, 1, "those that are refused together share the new token");

    store.accepts = () => false;
    store.calls.length = 0;
    const refusal = { code: "SourceRefused", message: /401, InvalidAuthenticationInfo.*azure_blob\.auth/s };
    await assert.rejects(identity.addFolder("az://files"), refusal);
    assert.equal(store.calls.length, 2);
    const unknown = by({
      type: "managed_identity",
      endpoint: `${fake.url}/metadata/identity/oauth2/token`,
      header: "x",
    });
    fake.script({ tokens: { secret: "another" } });
    const noToken = { code: "SourceRefused", message: /gave no token.*Check documents\.azure_blob\.auth in/ };
    await assert.rejects(unknown.addFolder("az://files"), noToken);
    const clear = { azure_blob: { endpoint: "http://blobs.example", access_token: TOKEN } };
    await assert.rejects(collect(clear).addFolder("az://files"), { code: "InvalidRequest", message: /https/ });
    assert.equal((await collection.status()).documents, 4);
  });

  it("waits while it is busy, and reads an object again that broke off", async () => {
    put("a.md", "# Vacation\n\nSome words.");
    let failures = 0;
    store.disturb = (request, response) => {
      if (failures >= 2) return false;
      failures += 1;
      if (request.url!.includes("list-type")) response.writeHead(503, { "retry-after": "0" }).end();
      else {
        response.writeHead(200, { "content-length": 100 });
        response.write("# Vac");
        setImmediate(() => response.destroy());
      }
      return true;
    };
    assert.deepEqual(counts(await collection.addFolder("s3://bucket")), [1, 0, 0, 0, 0, 0]);
    assert.equal(failures, 2);
  });

  it("keeps what it had of an object that does not come whole", async () => {
    put("a.md", "# Vacation\n\nThe old words.");
    await collection.addFolder("s3://bucket");
    put("a.md", "# Vacation\n\nThe new words.");
    store.disturb = (request, response) => {
      if (request.url!.includes("list-type")) return false;
      response.writeHead(200, { "content-length": 100 });
      response.write("# Vac");
      setImmediate(() => response.destroy());
      return true;
    };
    const report = await collection.addFolder("s3://bucket");
    assert.equal(report.failed[0]?.code, "DocumentUnreadable");
    assert.match(report.failed[0]!.reason, /did not come whole/);
    assert.deepEqual(await sources("old"), ["bucket/a.md"]);
    store.disturb = undefined;
    assert.deepEqual(counts(await collection.addFolder("s3://bucket")), [0, 1, 0, 0, 0, 0]);
    assert.deepEqual(await sources("new"), ["bucket/a.md"]);
  });

  it("says what is wrong with a key, a name or an address, and keeps secrets out of it", async () => {
    put("a.md", "# Vacation");
    const wrong = { s3: { ...s3().s3, secret_access_key: "not-this-one" } };
    const refusal = /403, SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/s;
    await assert.rejects(collect(wrong).addFolder("s3://bucket"), { code: "SourceRefused", message: refusal });
    await assert.rejects(collect(s3()).addFolder("s3://bucket/nothing"), { code: "DocumentNotFound" });
    await assert.rejects(collect(s3()).addFolder("s3://bucketless/x"), { code: "DocumentNotFound" });
    await assert.rejects(collect().addFolder("az://files"), {
      code: "InvalidRequest",
      message: /AZURE_STORAGE_ACCOUNT/,
    });
    await assert.rejects(collect().addFolder("ftp://files/x"), { code: "InvalidRequest", message: /s3:\/\/BUCKET/ });
    const signed = "https://a.blob.core.windows.net/c?sig=geheim";
    await assert.rejects(collect().addFolder(signed), (thrown: Error) => !thrown.message.includes("geheim"));
    assert.deepEqual(await collect().list(), []);
  });

  it("does not read what is too large or no document for more than its front", async () => {
    store.objects.set("film.mp4", new Uint8Array(3 * 2 ** 20).fill(7));
    store.objects.set("long.txt", strToU8("vacation ".repeat(30_000)));
    const narrow = openCollection({
      index,
      folder: search.folderOf("docs"),
      sources: s3(),
      limits: { fileBytes: 2 ** 17 },
      log: SILENT,
    });
    const report = await narrow.addFolder("s3://bucket");
    assert.deepEqual(
      report.failed.map(({ code }) => code),
      ["DocumentTooLarge", "DocumentTooLarge"],
    );
    assert.deepEqual(gets(), []);
    const wide = await collection.addFolder("s3://bucket");
    assert.deepEqual(counts(wide), [1, 0, 0, 0, 0, 1]);
    assert.equal(gets().filter((call) => call.includes("film")).length, 1);
  });
});

describe("a ZIP archive", () => {
  it("is read as a folder, part by part, with its rules", async () => {
    const file = path.join(home, "handbook.zip");
    const pack = (files: Record<string, string>): Promise<void> =>
      writeFile(file, zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))));
    await pack({
      "book/leave.md": "# Leave\n\nVacation is 25 days.",
      "book/hr/pay.md": "# Pay\n\nVacation pay.",
      "book/hr/.acl.json": '{"groups": ["hr"]}',
      "__MACOSX/x": "x",
    });
    assert.deepEqual(counts(await collection.addFolder(file)), [2, 0, 0, 0, 0, 1]);
    assert.deepEqual(await sources("vacation", []), ["handbook.zip/book/leave.md"]);
    await pack({ "book/leave.md": "# Leave\n\nVacation is 30 days.", "book/new.md": "# New\n\nWords." });
    assert.deepEqual(counts(await collection.addFolder(file)), [1, 1, 0, 1, 0, 0]);
    assert.equal((await collection.remove(file)).documents, 2);
  });

  it("costs a line for a bomb and names what is broken", async () => {
    const file = path.join(home, "bomb.zip");
    await writeFile(
      file,
      zipSync({ "bomb.txt": [new Uint8Array(4 * 2 ** 20), { level: 9 }], "a.md": strToU8("# Well") }),
    );
    const report = await collection.addFolder(file);
    assert.deepEqual(
      report.failed.map(({ code, reason }) => [code, /more than 200 times/.test(reason)]),
      [["DocumentTooLarge", true]],
    );
    assert.equal(report.added, 1);
    await writeFile(file, "PK\u0003\u0004 and no more");
    await assert.rejects(collection.addFolder(file), { code: "DocumentDamaged" });
    assert.equal((await index.statistics()).passages, 1);
  });
});

describe("a watched folder", () => {
  it("is taken up as it changes, with events and without", { timeout: 60_000 }, async () => {
    const docs = path.join(home, "docs");
    await mkdir(docs);
    await writeFile(path.join(docs, "a.md"), "# One\n\nVacation.");
    await collection.addFolder(docs);
    const until = async (isDone: () => Promise<boolean>): Promise<void> => {
      while (!(await isDone())) await delay(25);
    };
    for (const intervalMs of [3_600_000, 50]) {
      const controller = new AbortController();
      const changes: IngestReport[] = [];
      const watching = watchSource(collection, docs, {
        intervalMs,
        signal: controller.signal,
        onChange: (report) => changes.push(report),
        onFailure: (error) => assert.fail(error.message),
      });
      await mkdir(path.join(docs, "sub"), { recursive: true });
      await writeFile(path.join(docs, "sub/b.md"), "# Two\n\nA sabbatical.");
      await until(async () => (await sources("sabbatical")).length === 1);
      await rm(path.join(docs, "sub/b.md"));
      await until(async () => (await sources("sabbatical")).length === 0);
      controller.abort();
      await watching;
      assert.ok(changes.length >= 2);
    }
  });
});
