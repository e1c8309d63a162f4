// The whole system over TLS: official clients with tokens, the command line, a renewed certificate, and who comes without TLS.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type TLSSocket, connect } from "node:tls";
import { inspect } from "node:util";
import { SearchClient, SearchIndexClient } from "@azure/search-documents";
import OpenAI from "openai";
import { Agent, fetch as fetchOver } from "undici";
import { openCertificate } from "../../src/app/certificate.ts";
import type { FlowsteadError } from "../../src/base/error/error.ts";
import { SILENT } from "../../src/base/log.ts";
import { loadConfig } from "../../src/config/load.ts";
import { runHere } from "../cli/in-process.ts";
import { type System, startSystem, temporaryHome } from "../e2e/system.ts";
import { LOCAL_NAMES, type TestAuthority, testAuthority } from "../fake/certificate.ts";
import { type TestProvider, startProvider } from "../identity/provider.ts";

interface Letter {
  id: string;
  title: string;
  people: string[];
}

const authority: TestAuthority = await testAuthority();
const provider: TestProvider = await startProvider();
const { home, remove } = await temporaryHome();
const [certFile, keyFile, configFile] = ["cert.pem", "key.pem", "flowstead.yaml"].map((name) =>
  path.join(path.dirname(home), name),
);

const searchRoles = {
  index_data_reader: ["caller"],
  index_data_contributor: ["operator"],
  service_contributor: ["operator"],
};

async function install(pair: { cert: string; key: string }): Promise<void> {
  await writeFile(certFile as string, pair.cert);
  await writeFile(keyFile as string, pair.key, { mode: 0o600 });
}

describe("the entry over TLS", () => {
  let system: System;
  let agent: Agent;
  before(async () => {
    const names = [...LOCAL_NAMES, { type: "dns" as const, value: "*.chat.example" }];
    await install(await authority.issue({ serial: "0a", names }));
    const config = {
      tls: { cert_file: certFile, key_file: keyFile },
      endpoint: { instances: 1 },
      identity: { issuers: [{ issuer: provider.issuer, subjects: ["caller"], search_roles: searchRoles }] },
    };
    await writeFile(configFile as string, JSON.stringify(config));
    system = await startSystem({ home, args: ["--config", configFile as string] });
    agent = new Agent({ connect: { ca: authority.cert } });
  });
  after(async () => {
    await agent?.close();
    await system?.stop();
    provider.close();
    await remove();
  });

  test("up prints the https address, and the key stands in no log", async () => {
    assert.match(system.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    const answer = await fetchOver(system.url, { dispatcher: agent });
    assert.equal(answer.status, 200);
    const log = await readFile(path.join(home, "logs", "flowstead.log"), "utf8");
    const secret = (await readFile(keyFile as string, "utf8")).split("\n")[1] as string;
    assert.ok(secret.length > 30 && !(log + system.output()).includes(secret));
    await assert.rejects(fetch(system.url), "nobody trusts it unasked");
  });

  test("Azure's search client works with a token credential, and people see what is theirs", async () => {
    const { stdout } = await runHere(["index", "keys", "--json", "--home", home]);
    const { adminKey } = JSON.parse(stdout) as { adminKey: string };
    const credential = { getToken: async () => ({ token: adminKey, expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const options = { tlsOptions: { ca: authority.cert }, retryOptions: { maxRetries: 0 } };
    // The client leaves out what it does not know of, such as rules of who may see.
    const definition = {
      permissionFilterOption: "enabled",
      fields: [
        { name: "id", type: "Edm.String", key: true },
        { name: "title", type: "Edm.String", searchable: true },
        { name: "people", type: "Collection(Edm.String)", filterable: true, permissionFilter: "userIds" },
      ],
    };
    const made = await fetchOver(`${system.url}/indexes/letters`, {
      method: "PUT",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(definition),
      dispatcher: agent,
    });
    assert.equal(made.status, 201);
    const indexes = new SearchIndexClient(system.url, credential, options);
    assert.equal((await indexes.getIndex("letters")).fields.length, 3);
    const client = new SearchClient<Letter>(system.url, "letters", credential, options);
    await client.uploadDocuments([
      { id: "open", title: "Walrus picnic", people: ["all"] },
      { id: "hers", title: "Walrus raise", people: ["caller"] },
    ]);
    const found = async (): Promise<string[]> => {
      const { results } = await client.search("walrus");
      const ids: string[] = [];
      for await (const { document } of results) ids.push(document.id);
      return ids.sort((a, b) => a.localeCompare(b));
    };
    assert.deepEqual(await found(), ["open"]);
    const token = await provider.tokenFor("caller", "read");
    client.pipeline.addPolicy({
      name: "person",
      sendRequest: (request, next) => {
        request.headers.set("x-ms-query-source-authorization", `Bearer ${token}`);
        return next(request);
      },
    });
    assert.deepEqual(await found(), ["hers", "open"]);
    const stranger = { getToken: async () => ({ token: "forged", expiresOnTimestamp: Date.now() + 3_600_000 }) };
    await assert.rejects(new SearchClient(system.url, "letters", stranger, options).getDocumentsCount(), {
      statusCode: 403,
    });
  });

  test("Azure's search client works with Entra-like tokens: each does what its role allows, as Azure divides it", async () => {
    const as = (client: string) => ({
      getToken: async () => ({
        token: await provider.tokenFor(client, "read"),
        expiresOnTimestamp: Date.now() + 60_000,
      }),
    });
    const options = { tlsOptions: { ca: authority.cert }, retryOptions: { maxRetries: 0 } };
    const fields = [
      { name: "id", type: "Edm.String", key: true },
      { name: "title", type: "Edm.String", searchable: true },
    ] as const;
    const index = { name: "roles", fields: [...fields] };
    await new SearchIndexClient(system.url, as("operator"), options).createIndex(index);
    const writer = new SearchClient<Partial<Letter>>(system.url, "roles", as("operator"), options);
    await writer.uploadDocuments([{ id: "a", title: "Walrus" }]);
    const reader = new SearchClient<Partial<Letter>>(system.url, "roles", as("caller"), options);
    assert.equal(await reader.getDocumentsCount(), 1);
    assert.equal((await reader.getDocument("a")).title, "Walrus");
    await assert.rejects(reader.uploadDocuments([{ id: "b" }]), {
      statusCode: 403,
      message: /Search Index Data Contributor/,
    });
    const readers = new SearchIndexClient(system.url, as("caller"), options);
    await assert.rejects(readers.deleteIndex("roles"), { statusCode: 403, message: /Search Service Contributor/ });
    const [head, , signature] = (await provider.tokenFor("caller", "read")).split(".");
    const claims = Buffer.from(JSON.stringify({ iss: provider.issuer, sub: "operator" })).toString("base64url");
    const forged = {
      getToken: async () => ({ token: `${head}.${claims}.${signature}`, expiresOnTimestamp: Infinity }),
    };
    const forger = new SearchClient(system.url, "roles", forged, options);
    await assert.rejects(forger.getDocumentsCount(), { statusCode: 401 });
    // Roles at the search service open nothing else.
    const everything = await fetchOver(`${system.url}/uploads`, {
      headers: { authorization: `Bearer ${await provider.tokenFor("caller", "read")}` },
      dispatcher: agent,
    });
    assert.equal(everything.status, 403);
  });

  test("the openai package talks to the deployed flow", async () => {
    const { stdout } = await runHere(["online-endpoint", "get-credentials", "-n", "chat", "--home", home]);
    const { primaryKey } = JSON.parse(stdout) as { primaryKey: string };
    const client = new OpenAI({
      apiKey: primaryKey,
      baseURL: `${system.url}/v1`,
      maxRetries: 0,
      fetch: fetchOver as unknown as typeof fetch,
      fetchOptions: { dispatcher: agent } as object,
    });
    const messages = [{ role: "user" as const, content: "How many days of vacation are there?" }];
    const { choices } = await client.chat.completions.create({ model: "chat", messages });
    assert.ok((choices[0]?.message.content ?? "").length > 10);
  });

  test("commands reach the running system, and accept its certificate only", async () => {
    const request = path.join(home, "request.json");
    await writeFile(request, JSON.stringify({ question: "How many days of vacation are there?", chat_history: [] }));
    const zones = await runHere(["zone", "list", "--home", home]);
    assert.deepEqual([zones.code, zones.stderr], [0, ""]);
    const invoked = await runHere(["online-endpoint", "invoke", "-n", "chat", "-r", request, "--home", home]);
    assert.deepEqual([invoked.code, invoked.stderr], [0, ""]);
    assert.ok("answer" in (JSON.parse(invoked.stdout) as object));

    const announcement = path.join(home, "running.json");
    const said = await readFile(announcement, "utf8");
    const other = await authority.issue({ serial: "0e" });
    await writeFile(announcement, JSON.stringify({ ...JSON.parse(said), certificate: other.cert }));
    const deceived = await Promise.all([
      runHere(["zone", "list", "--home", home]),
      runHere(["online-endpoint", "list", "--home", home]),
    ]);
    await writeFile(announcement, said);
    for (const { code, stderr } of deceived) {
      assert.equal(code, 1);
      assert.match(stderr, /certificate/);
    }
  });

  test("a renewed certificate is served without a restart, and open connections go on", async () => {
    const open = await handshake();
    assert.equal(open.getPeerCertificate().serialNumber, "0A");
    assert.match(await statusLine("eu.chat.example"), / 200 /);
    assert.match(await statusLine("eu.chat.example.evil"), / 403 /);
    await install(await authority.issue({ serial: "0b" }));
    for (const deadline = Date.now() + 20_000; ; await delay(100)) {
      const next = await handshake();
      const { serialNumber } = next.getPeerCertificate();
      next.destroy();
      if (serialNumber === "0B") break;
      assert.ok(Date.now() < deadline, "the new certificate is not served");
    }
    open.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert.match(await textOf(open), /^HTTP\/1\.1 200 /);
    // It answers to the names of the certificate that it serves.
    assert.match(await statusLine("eu.chat.example"), / 403 /);
    assert.match(await statusLine("127.0.0.1"), / 200 /);
    // The command line learns of it as soon as it is served.
    for (const deadline = Date.now() + 20_000; ; await delay(100)) {
      const { code, stderr } = await runHere(["zone", "list", "--home", home]);
      if (code === 0) break;
      assert.ok(Date.now() < deadline, stderr);
    }
    // What cannot be served changes nothing.
    await writeFile(certFile as string, "no certificate");
    const log = path.join(home, "logs", "flowstead.log");
    for (const deadline = Date.now() + 20_000; !/holds no certificate/.test(await readFile(log, "utf8"));) {
      assert.ok(Date.now() < deadline, "nothing was said of the file");
      await delay(100);
    }
    const last = await handshake();
    assert.equal(last.getPeerCertificate().serialNumber, "0B");
    last.destroy();
  });

  test("plain http is told to use https, older TLS is refused", async () => {
    const socket = connectPlain({ host: "127.0.0.1", port: portOf(system.url) });
    socket.write("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello");
    const answer = await textOf(socket);
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n[^]*"code":"InvalidRequest"[^]*https instead of http/);
    await assert.rejects(handshake({ maxVersion: "TLSv1.1", minVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }));
  });

  async function statusLine(host: string): Promise<string> {
    const socket = await handshake();
    socket.write(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    return (await textOf(socket)).split("\r\n", 1)[0] ?? "";
  }

  function handshake(more: object = {}): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const port = portOf(system.url);
      const socket = connect({ host: "127.0.0.1", port, ca: authority.cert, ...more }, () => resolve(socket));
      socket.once("error", reject);
    });
  }
});

test("a certificate that cannot be served is told with its file, and never with the key", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "flowstead-certificate-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const good = await authority.issue({ serial: "0c" });
  const [cert, key] = [path.join(folder, "cert.pem"), path.join(folder, "key.pem")];
  const { config } = loadConfig({ env: {} });
  const open = () => openCertificate({ ...config, tls: { cert_file: cert, key_file: key } }, SILENT);
  const cases: [{ cert?: string; key?: string }, RegExp][] = [
    [{ key: (await authority.issue({ serial: "0d" })).key }, /key in \S+key\.pem is not that of .*cert\.pem/],
    [{ cert: "nothing" }, /cert\.pem holds no certificate as PEM/],
    [{ key: good.key.replace(/\n.{20}/, "\n%%%%") }, /private key in \S+key\.pem cannot be read/],
    [{ key: `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${"QUFB".repeat(20)}` }, /key\.pem has a passphrase/],
    [await authority.issue({ serial: "0e", until: new Date(Date.now() - 60_000) }), /cert\.pem ended on/],
    [await authority.issue({ serial: "0f", names: [] }), /cert\.pem names no host/],
  ];
  for (const [wrong, expected] of cases) {
    const pair = { ...good, ...wrong };
    await writeFile(cert, pair.cert);
    await writeFile(key, pair.key);
    await assert.rejects(open, (thrown: FlowsteadError) => {
      assert.equal(thrown.code, "InvalidConfig");
      assert.match(thrown.message, expected);
      return !inspect(thrown).includes(pair.key.slice(40, 80));
    });
  }
  await rm(key);
  await assert.rejects(open, /`tls\.key_file` \S+key\.pem cannot be read: it is not there/);
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}

async function textOf(socket: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}
