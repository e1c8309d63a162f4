// What goes wrong with a store of objects, seen from its source: no index is needed for that.

import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, afterEach, before, describe, it } from "node:test";
import { strToU8 } from "fflate";
import { DEFAULT_LIMITS } from "../../../src/search/ingest/limit.ts";
import { openSource } from "../../../src/search/ingest/source/open.ts";
import type { Source } from "../../../src/search/ingest/source/source.ts";
import { ACCOUNT, S3_KEY, type StoreServer, storeServer } from "./object-store-server.ts";

let store: StoreServer;
const sources: Source[] = [];
const { signal } = new AbortController();

before(async () => {
  store = await storeServer();
});
afterEach(async () => {
  store.objects.clear();
  store.calls.length = 0;
  store.disturb = undefined;
  for (const source of sources.splice(0)) await source.close();
});
after(() => store.close());

const STORES = ["s3://bucket", "az://files"] as const;

async function open(address: string): Promise<Source> {
  const source = await openSource(address, {
    s3: { access_key_id: S3_KEY.id, secret_access_key: S3_KEY.secret, region: "eu-west-1", endpoint: store.url },
    azure_blob: { endpoint: `${store.url}/${ACCOUNT.name}`, account: ACCOUNT.name, account_key: ACCOUNT.key },
  });
  sources.push(source);
  return source;
}

const isListing = ({ url = "" }: IncomingMessage): boolean => /list-type|comp=list/.test(url);

/** Answers listings with this page, whichever is asked for, and leaves the rest as it is. */
function listings(page: (request: IncomingMessage) => string): void {
  store.disturb = (request, response) => {
    if (!isListing(request)) return false;
    response.end(page(request));
    return true;
  };
}

const pageOf = (address: string, next: string, entry = ""): string =>
  address.startsWith("s3")
    ? `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>${entry}</ListBucketResult>`
    : `<EnumerationResults>${entry}<NextMarker>${next}</NextMarker></EnumerationResults>`;

for (const address of STORES) {
  describe(`a listing of ${address}`, () => {
    it(
      "that leads back to a page which was there is told, and not followed for ever",
      { timeout: 30_000 },
      async () => {
        const source = await open(address);
        const refusal = { code: "SourceUnavailable", message: /listing of .* cannot be read/ };
        listings(() => pageOf(address, "again"));
        await assert.rejects(source.list(signal), refusal);
        assert.equal(store.calls.length, 2);
        let asked = 0;
        listings(() => pageOf(address, asked++ % 2 === 0 ? "odd" : "even"));
        await assert.rejects(source.list(signal), refusal);
        assert.equal(asked, 3);
      },
    );

    it("may define no entities of its own, and is no page of another kind", async () => {
      const source = await open(address);
      const root = address.startsWith("s3") ? "ListBucketResult" : "EnumerationResults";
      for (const page of [
        `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><${root}><Prefix>&b;</Prefix></${root}>`,
        "<html><body>Sign in</body></html>",
        "",
      ]) {
        listings(() => page);
        await assert.rejects(source.list(signal), { code: "SourceUnavailable", message: /listing of / }, page);
      }
    });
  });

  describe(`an object of ${address}`, () => {
    it("that is gone when it is asked for is no failure", async () => {
      store.objects.set("a.md", strToU8("Words."));
      store.objects.set("film.mp4", new Uint8Array(2 ** 21));
      const source = await open(address);
      const { files } = await source.list(signal);
      store.objects.clear();
      for (const found of files) assert.deepEqual(await source.read(found, DEFAULT_LIMITS, signal), { gone: true });
      assert.equal(files.length, 2);
    });

    it("that is large is looked at before it is read, a small one not; no other file is asked for", async () => {
      store.objects.set("film.mp4", new Uint8Array(2 ** 20 + 1).fill(7));
      store.objects.set("small.mp4", new Uint8Array(2 ** 20).fill(7));
      store.objects.set("long.txt", strToU8("words ".repeat(200_000)));
      const ranges: string[] = [];
      store.disturb = (request, _response: ServerResponse) => {
        if (!isListing(request)) ranges.push(`${request.url!.split("/").at(-1)!} ${request.headers.range ?? "whole"}`);
        return false;
      };
      const source = await open(address);
      const { files } = await source.list(signal);
      const read = [];
      for (const found of files) read.push(await source.read(found, DEFAULT_LIMITS, signal));
      assert.deepEqual(
        read.map((one) => Object.keys(one)[0]),
        ["unsupported", "bytes", "unsupported"],
      );
      assert.deepEqual(ranges, ["film.mp4 bytes=0-4095", "long.txt bytes=0-4095", "long.txt whole", "small.mp4 whole"]);
      const name = files[0]!.file;
      assert.equal(await source.text(`${name}.acl.json`, signal), undefined);
      assert.equal(ranges.length, 4);
    });
  });
}

describe("a store that is busy", () => {
  it("is left alone for as long as it says, and given up when it stays so", { timeout: 60_000 }, async () => {
    store.objects.set("a.md", strToU8("Words."));
    const asked: number[] = [];
    let busy = 0;
    store.disturb = ({ url = "" }, response) => {
      if (!url.startsWith("/bucket")) {
        busy += 1;
        response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
        return true;
      }
      asked.push(performance.now());
      // Longer than the longest pause before a second attempt would be.
      if (asked.length === 1) response.writeHead(429, { "retry-after": "1" }).end();
      return asked.length === 1;
    };
    const given = assert.rejects((await open("az://files")).list(signal), {
      code: "SourceUnavailable",
      message: /503, SlowDown/,
    });
    assert.equal((await (await open("s3://bucket")).list(signal)).files.length, 1);
    const [first = 0, second = 0] = asked;
    assert.ok(second - first > 950, asked.join(" "));
    await given;
    assert.equal(busy, 4);
  });

  it("is not asked again when it says no for good", async () => {
    const source = await open("az://files");
    store.disturb = (_request, response) => {
      response.writeHead(400).end("<Error><Code>InvalidQueryParameterValue</Code></Error>");
      return true;
    };
    await assert.rejects(source.list(signal), { code: "SourceUnavailable", message: /400, InvalidQueryParam/ });
    assert.equal(store.calls.length, 1);
  });
});
