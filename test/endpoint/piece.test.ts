import assert from "node:assert/strict";
import { once } from "node:events";
import { type ServerResponse, createServer, get } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type TestContext, test } from "node:test";
import { pieceWriter } from "../../src/endpoint/piece.ts";

/** A server whose answers are what `answer` writes. */
async function serve(context: TestContext, answer: (response: ServerResponse) => Promise<void>): Promise<number> {
  const server = createServer((_request, response) => void answer(response));
  server.listen(0, "127.0.0.1");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Everything that comes back for these bytes until the server closes the connection. */
async function exchange(port: number, request: string): Promise<string> {
  const client = connect(port, "127.0.0.1");
  client.write(request);
  const parts: Buffer[] = [];
  for await (const part of client) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

const PIECES = [
  "first ",
  "zweitens: ü",
  "",
  "漢字 👩‍👩‍👧",
  Buffer.from(" bytes"),
  "x".repeat(70_000),
  "\r\n0\r\n\r\n",
  "end",
];
const WHOLE = PIECES.join("");

async function writeAll(response: ServerResponse): Promise<void> {
  const pieces = pieceWriter(response);
  for (const piece of PIECES) {
    if (!pieces.write(piece)) await pieces.drained();
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

test("an answer in pieces is read as it was written, one call after another on a connection", async (context) => {
  const port = await serve(context, writeAll);
  for (let call = 0; call < 3; call++) {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await response.text(), WHOLE);
  }
});

test("a client that knows no chunks gets the pieces alone", async (context) => {
  const port = await serve(context, writeAll);
  const answer = await exchange(port, "GET / HTTP/1.0\r\n\r\n");
  assert.equal(answer.slice(answer.indexOf("\r\n\r\n") + 4), WHOLE);
});

test("answers to calls that were sent without waiting come one after the other", async (context) => {
  const port = await serve(context, writeAll);
  const call = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  const answer = await exchange(port, `${call}\r\n${call}connection: close\r\n\r\n`);
  const [before, first, second] = answer.split("HTTP/1.1 200 OK");
  assert.equal(before, "");
  const body = (text = ""): string => text.slice(text.indexOf("\r\n\r\n") + 4);
  assert.equal(body(first), body(second));
  assert.ok(body(first).startsWith("6\r\nfirst \r\nc\r\nzweitens: ü\r\n"));
  assert.ok(body(first).endsWith("\r\n3\r\nend\r\n0\r\n\r\n"));
});

test("a client that is behind holds the writer up, and one that is gone does not", async (context) => {
  const big = "x".repeat(1_000_000);
  const isBehind: boolean[] = [];
  let writing: Promise<void> = Promise.resolve();
  const port = await serve(context, (response) => {
    const pieces = pieceWriter(response);
    writing = (async () => {
      for (let count = 0; count < 20; count++) {
        const goesOn = pieces.write(big);
        isBehind.push(!goesOn);
        if (!goesOn) await pieces.drained();
      }
      response.end();
    })();
    return writing;
  });
  let length = 0;
  const [reader] = (await once(get({ port, host: "127.0.0.1" }), "response")) as [AsyncIterable<Buffer>];
  for await (const part of reader) length += part.length;
  assert.equal(length, 20 * big.length);
  assert.ok(isBehind.includes(true));

  const left = get({ port, host: "127.0.0.1" });
  await once(left, "response");
  left.destroy();
  left.on("error", () => undefined);
  await writing;
});
