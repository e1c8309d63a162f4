// Faults of clients at the public entry: each is refused cleanly or waited out, the flow sees none of it, and normal calls go on.

import assert from "node:assert/strict";
import { type Socket, connect } from "node:net";
import { type TestContext, after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Entry } from "../../src/entry/server.ts";
import { PRIMARY_KEY, openTestEntry } from "../fake/entry.ts";
import { end, scriptedTarget, start, text } from "../fake/target.ts";

const target = scriptedTarget(() => [start(), text("Hello"), end({ answer: "Hello", documents: [] })]);
const HEAD = `POST /endpoints/chat/score HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${PRIMARY_KEY}\r\n`;
const BODY = '{"question":"hi"}';
const SIZE = BODY.length.toString(16);
const CHUNKS = `${SIZE}\r\n${BODY}\r\n0\r\n\r\n`;
/** What an attacker hides behind a request whose end is in doubt. */
const HIDDEN = `${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`;

let entry: Entry;
before(async () => {
  entry = await openTestEntry(target);
});
after(() => entry.close(0));

interface Answer {
  statuses: number[];
  isClosed: boolean;
  text: string;
}

/** What comes back until the server ends the connection, or has answered `wanted` times. */
function send(bytes: string, { to = entry, wanted = Infinity } = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(to.port, "127.0.0.1");
    let text = "";
    const statuses = (): number[] => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    const done = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ statuses: statuses(), isClosed, text });
    };
    const timer = setTimeout(() => done(false), 20_000);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (statuses().length >= wanted) done(false);
    });
    socket.on("error", () => {});
    socket.on("close", () => done(true));
    socket.write(bytes, "latin1");
  });
}

const call = async (to = entry): Promise<number> => {
  const answer = await fetch(`${to.url}/endpoints/chat/score`, {
    method: "POST",
    headers: { authorization: `Bearer ${PRIMARY_KEY}` },
    body: BODY,
  });
  await answer.text();
  return answer.status;
};

const framed = (framing: string, body = BODY): string => `${HEAD}${framing}\r\n\r\n${body}`;
const chunked = (body: string): string => framed("transfer-encoding: chunked", body);
const length = `content-length: ${BODY.length}`;

describe("requests that servers may read in different ways are refused, and end their connection", () => {
  const forms: Record<string, string> = {
    "transfer-encoding and a length": framed("content-length: 4\r\ntransfer-encoding: chunked", CHUNKS),
    "a length and transfer-encoding": framed("transfer-encoding: chunked\r\ncontent-length: 400", CHUNKS),
    "two lengths": framed(`${length}\r\ncontent-length: 0`),
    "the same length twice": framed(`${length}\r\n${length}`),
    "a list of lengths": framed(`${length}, ${BODY.length}`),
    "a length with a sign": framed(`content-length: +${BODY.length}`),
    "a negative length": framed("content-length: -1"),
    "a hexadecimal length": framed(`content-length: 0x${SIZE}`),
    "a length beyond all numbers": framed("content-length: 99999999999999999999999"),
    "a coding that is nearly chunked": framed("transfer-encoding: xchunked", CHUNKS),
    "a coding after chunked": framed("transfer-encoding: chunked, identity", CHUNKS),
    "two codings": framed("transfer-encoding: chunked\r\ntransfer-encoding: identity", CHUNKS),
    "a vertical tab before chunked": framed("transfer-encoding: \x0bchunked", CHUNKS),
    "chunks in HTTP/1.0": chunked(CHUNKS).replace("HTTP/1.1", "HTTP/1.0"),
    "bare line feeds": framed(length).replaceAll("\r\n", "\n"),
    "one bare line feed": framed(`x-a: b\n${length}`),
    "a folded line": framed(`x-a: b\r\n c\r\n${length}`),
    "a folded coding": framed("transfer-encoding:\r\n chunked", CHUNKS),
    "a space before the colon": framed(length.replace(":", " :")),
    "a carriage return in a value": framed(`x-a: b\rc\r\n${length}`),
    "a zero byte in a value": framed(`x-a: b\0c\r\n${length}`),
    "a line feed after a chunk extension": chunked(`${SIZE};a\n${BODY}\r\n0\r\n\r\n`),
    "a control byte in a chunk extension": chunked(`${SIZE};a=\x01\r\n${BODY}\r\n0\r\n\r\n`),
    "words after a chunk's size": chunked(`${SIZE} x\r\n${BODY}\r\n0\r\n\r\n`),
    "a negative chunk": chunked(`-1\r\n${BODY}\r\n0\r\n\r\n`),
    "a chunk beyond all numbers": chunked(`fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`),
    "bare line feeds between chunks": chunked(`${SIZE}\n${BODY}\n0\n\n`),
    "a chunk longer than its size": chunked(`4\r\n${BODY}\r\n0\r\n\r\n`),
    "a handshake of TLS": "\x16\x03\x01\x02\x00\x01",
  };
  for (const [name, form] of Object.entries(forms)) {
    test(name, async () => {
      const before = target.calls.length;
      const { statuses, isClosed, text } = await send(form + HIDDEN);
      assert.deepEqual([statuses, isClosed], [[400], true], text);
      assert.doesNotMatch(text, /\.ts:|node:/);
      // A body in chunks may turn bad after its call has begun; what is hidden behind it is never a call.
      assert.ok(
        target.calls.slice(before).every(({ inputs }) => inputs.question !== "hi"),
        "the flow was called",
      );
    });
  }

  test("a coding, a host or extensions that are not for sure are refused by name", async () => {
    const several = await send(framed(`Host: other.example\r\n${length}`));
    assert.match(several.text, / 400 [^]*The request names several hosts/);
    const coded = await send(framed("transfer-encoding: gzip, chunked", CHUNKS));
    assert.match(coded.text, / 400 [^]*transfer-encoding \\"gzip, chunked\\" is not read here/);
    const nameless = await send(framed(length).replace("host: localhost\r\n", ""));
    const endless = await send(chunked(`${SIZE};${"a".repeat(30_000)}\r\n${BODY}\r\n0\r\n\r\n`));
    assert.deepEqual([nameless.statuses, endless.statuses], [[400], [413]]);
    for (const { isClosed } of [several, coded, nameless, endless]) assert.ok(isClosed);
  });

  test("what is sent behind a request that is refused never runs", async () => {
    const behind = framed(length).replace("hi", "no");
    const foreign = ["host: evil.example", "host: localhost\r\norigin: http://evil.example"];
    for (const head of foreign) {
      for (const first of [framed(length), chunked(CHUNKS)]) {
        const calls = target.calls.length;
        const { statuses, isClosed, text } = await send(first.replace("host: localhost", head) + behind.repeat(3));
        assert.deepEqual([statuses, isClosed], [[403], true], text);
        assert.equal(target.calls.length, calls, "nothing has run");
      }
    }
    assert.equal(await call(), 200);
  });

  test("forms that mean one thing only are served: pipelined, byte by byte, chunk extensions", async () => {
    const good = framed(length);
    assert.deepEqual((await send(good + good, { wanted: 2 })).statuses, [200, 200]);
    assert.deepEqual((await send(chunked(`${SIZE};a=b\r\n${BODY}\r\n0\r\n\r\n`), { wanted: 1 })).statuses, [200]);
    const socket = connect(entry.port, "127.0.0.1");
    const answered = new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString())));
    for (const byte of good) await new Promise<void>((resolve) => socket.write(byte, () => resolve()));
    assert.match(await answered, /^HTTP\/1\.1 200 /);
    socket.destroy();
  });
});

test("heads and bodies that are too large are refused in the system's own form, and it lives on", async () => {
  const heads = [
    framed(`x-a: ${"a".repeat(20_000)}\r\n${length}`),
    framed(`${Array.from({ length: 3_000 }, (_, index) => `x${index}: a\r\n`).join("")}${length}`),
    `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  ];
  for (const head of heads) {
    const { statuses, isClosed, text } = await send(head);
    assert.deepEqual([statuses, isClosed], [[431], true]);
    assert.match(text, /\{"error":\{"code":"InvalidRequest","message":"The head of the request is too large/);
  }
  // Refused by its length alone, before any of it is sent.
  assert.deepEqual((await send(framed("content-length: 35000000", ""), { wanted: 1 })).statuses, [413]);
  const mebibyte = `100000\r\n${"a".repeat(2 ** 20)}\r\n`;
  assert.deepEqual((await send(chunked(mebibyte.repeat(33)), { wanted: 1 })).statuses, [413]);
  assert.equal(await call(), 200);
});

/** Nothing at all, half a head, and half a body. */
const HALVES = ["", "POST /endpoints/chat", framed("content-length: 1000", '{"question"')];

/** Clients that send a half and go on with a byte at a time, or with nothing. */
async function openSlow(context: TestContext, to: Entry, count: number): Promise<() => number> {
  const sockets: Socket[] = [];
  const drip = setInterval(() => {
    for (const socket of sockets.filter((_, index) => index % 3 === 1)) if (socket.writable) socket.write("x");
  }, 500);
  context.after(() => {
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
  });
  async function opened(_: unknown, number: number): Promise<void> {
    const socket = connect(to.port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => {});
    // What comes back is read, so that the end is seen.
    socket.resume();
    await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", resolve));
    socket.write(HALVES[number % HALVES.length] ?? "");
  }
  // No more at once than the system keeps waiting for a listener.
  while (sockets.length < count) await Promise.all(Array.from({ length: Math.min(100, count) }, opened));
  return () => sockets.filter((socket) => !socket.closed).length;
}

test("thousands of half-open and slow clients do not keep others waiting", async (context) => {
  const open = await openSlow(context, entry, 2_400);
  assert.ok(open() > 2_000, `only ${open()} are open at once`);
  for (let number = 0; number < 60; number++) assert.equal(await call(), 200);
});

test("clients that take too long are let go", async (context) => {
  const impatient = await openTestEntry(target, { patience: { headMs: 400, requestMs: 400 } });
  context.after(() => impatient.close(0));
  const open = await openSlow(context, impatient, 30);
  for (const deadline = Date.now() + 60_000; open() > 0 && Date.now() < deadline;) await delay(20);
  assert.equal(open(), 0);
});
