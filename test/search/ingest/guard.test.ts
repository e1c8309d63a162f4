// What guards an ingestion, each piece by itself: rules of access, archives, stores of objects, progress, the watch.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { strToU8, zipSync } from "fflate";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { accessRules } from "../../../src/search/ingest/access.ts";
import type { Collection } from "../../../src/search/ingest/collection.ts";
import { DEFAULT_LIMITS } from "../../../src/search/ingest/limit.ts";
import { type IngestProgress, progressMeter } from "../../../src/search/ingest/report.ts";
import { archiveSource } from "../../../src/search/ingest/source/archive.ts";
import { azureBlobStore, blobEndpoint, sharedKey } from "../../../src/search/ingest/source/azure-blob.ts";
import { openRemote } from "../../../src/search/ingest/source/remote.ts";
import { s3Store, signV4 } from "../../../src/search/ingest/source/s3.ts";
import { watchSource } from "../../../src/search/ingest/watch.ts";

const signal = new AbortController().signal;

describe("rules of access", () => {
  const groupsBy = (text: () => string | undefined): Promise<string[] | undefined> =>
    accessRules("/docs", async (file) => (file.endsWith("/.acl.json") ? text() : undefined))("/docs/a.md");

  it("shut a document where they cannot be read, say more than groups, or name nobody", async () => {
    assert.equal(await groupsBy(() => undefined), undefined);
    assert.deepEqual(await groupsBy(() => '{"groups": ["b", "a", "b"]}'), ["a", "b"]);
    assert.deepEqual(await groupsBy(() => '{"groups": []}'), []);
    const damaged = { code: "DocumentDamaged" };
    await assert.rejects(
      groupsBy(() => '{"groups": ["a"], "deny": ["b"]}'),
      damaged,
    );
    await assert.rejects(
      groupsBy(() => {
        throw new FlowsteadError("DocumentUnreadable", "It is locked.");
      }),
      damaged,
    );
  });
});

describe("progress", () => {
  it("tells files per second, and what is left once three are done", (context) => {
    let now = 1000;
    context.mock.method(performance, "now", () => now);
    const seen: IngestProgress[] = [];
    const onFile = progressMeter(10, (progress) => seen.push(progress));
    for (let at = 0; at < 10; at++) {
      now += 500;
      onFile(`${at}`);
    }
    assert.ok(seen.every(({ rate }) => rate === 2));
    assert.deepEqual(
      seen.map(({ remainingSeconds }) => remainingSeconds),
      [undefined, undefined, 3.5, 3, 2.5, 2, 1.5, 1, 0.5, 0],
    );
  });
});

describe("an archive", () => {
  it("refuses parts with a password, above the limit, and of another size than they say", async (context) => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-archive-"));
    context.after(() => rm(folder, { recursive: true, force: true }));
    const read = async (change: (bytes: DataView, central: number) => void, limits = {}): Promise<unknown> => {
      const bytes = zipSync({ "a.md": strToU8("Words. ".repeat(50)) });
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      let central = 0;
      while (view.getUint32(central, true) !== 0x02014b50) central += 1;
      change(view, central);
      const file = path.join(folder, "a.zip");
      await writeFile(file, bytes);
      const source = await archiveSource(file);
      try {
        const { files } = await source.list(signal);
        return await source.read(files[0]!, { ...DEFAULT_LIMITS, ...limits }, signal);
      } finally {
        await source.close();
      }
    };
    const as = (code: string) => ({ code });
    await read(() => undefined);
    await assert.rejects(
      read((view, at) => view.setUint16(at + 8, 1, true)),
      as("DocumentEncrypted"),
    );
    await assert.rejects(
      read(() => undefined, { fileBytes: 100 }),
      as("DocumentTooLarge"),
    );
    await assert.rejects(
      read((view, at) => view.setUint32(at + 24, 10, true)),
      as("DocumentDamaged"),
    );
  });
});

describe("a store of objects", () => {
  it("signs the session's token and the stretch that is asked for, and knows addresses of other clouds", () => {
    const settings = { access_key_id: "a", secret_access_key: "b", session_token: "c" };
    const headers = signV4(new URL("https://b.s3.amazonaws.com/x"), {}, { settings, region: "r", time: new Date(0) });
    assert.equal(headers["x-amz-security-token"], "c");
    assert.match(headers["authorization"] ?? "", /SignedHeaders=[^,]*x-amz-security-token/);
    // A name with a full stop fits no certificate of a host.
    assert.equal(s3Store("my.bucket", "", {}).objectUrl("k").href, "https://s3.us-east-1.amazonaws.com/my.bucket/k");
    assert.equal(s3Store("bucket", "", {}).objectUrl("k").href, "https://bucket.s3.us-east-1.amazonaws.com/k");

    const url = new URL("https://a.blob.core.windows.net/c/k");
    const key = { account: "a", key: "a2V5" };
    assert.notEqual(sharedKey(url, { range: "bytes=0-9" }, key), sharedKey(url, {}, key));
    const connection_string = "AccountName=a;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn";
    assert.equal(blobEndpoint({ connection_string }), "https://a.blob.core.chinacloudapi.cn");
    const place = { endpoint: "https://a.blob.core.windows.net", container: "c", prefix: "", scope: "az://c" };
    const xml =
      '<EnumerationResults><Blobs><Blob><Name Encoded="true">a%EF%BF%BEb.md</Name></Blob><Blob><Name>50%25.md</Name></Blob></Blobs></EnumerationResults>';
    assert.deepEqual(
      azureBlobStore(place, {})
        .readPage(xml)
        .objects.map(({ key: name }) => name),
      ["a\uFFFEb.md", "50%25.md"],
    );
  });

  it("stops reading what is longer than it said", async () => {
    const server = createServer((_, response) => void response.end("x".repeat(5000)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const remote = await openRemote();
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    try {
      const call = { url, headers: () => ({}), renews: false };
      assert.equal((await remote.get({ ...call, limit: 5000 }, signal)).body.length, 5000);
      await assert.rejects(remote.get({ ...call, limit: 4999 }, signal), { code: "DocumentTooLarge" });
    } finally {
      await remote.close();
      server.close();
    }
  });
});

describe("a watch over what sends no events", () => {
  it("looks again at intervals, goes on after a failure, and tells of changes only", { timeout: 30_000 }, async () => {
    const looks: (number | "StateLocked" | "SourceUnavailable")[] = [0, "StateLocked", "SourceUnavailable", 2, 0];
    const controller = new AbortController();
    const told: string[] = [];
    let look = 0;
    const addFolder = async (): Promise<unknown> => {
      const next = looks[look++];
      if (next === undefined) controller.abort();
      else if (typeof next === "string") throw new FlowsteadError(next, next);
      return { added: next ?? 0, changed: 0, removed: 0 };
    };
    await watchSource({ addFolder } as unknown as Collection, "s3://bucket", {
      intervalMs: 1,
      signal: controller.signal,
      onChange: ({ added }) => told.push(`${added} added`),
      onFailure: ({ code }) => told.push(code),
    });
    assert.deepEqual(told, ["SourceUnavailable", "2 added"]);
  });
});
