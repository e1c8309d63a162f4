// The front of a server: what it takes it reads as llhttp does, all else reaches the server byte by byte.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { createServer as createSecureServer, request as secureRequest } from "node:https";
import { type AddressInfo, type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type PlainFront, plainFront } from "../../src/network/plain-front.ts";
import type { PlainResponse } from "../../src/network/plain-response.ts";
import { readRequestHead } from "../../src/network/request-head.ts";
import type { PlainRequest } from "../../src/network/served-exchange.ts";
import { testAuthority } from "../fake/certificate.ts";

type Handler = (request: PlainRequest, response: PlainResponse) => void;
const handlers = new Map<string, Handler>([
  ["/front/echo", ({ whole }, response) => void response.writeHead(200, {}).end(whole)],
]);
const take: Handler extends (...parts: infer Parts) => void ? (...parts: Parts) => boolean : never = (
  request,
  response,
) => {
  const handler = handlers.get(request.url);
  handler?.(request, response);
  return handler !== undefined;
};

/** What the server behind the front says of the request that it got. */
async function behind(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of request.setEncoding("latin1")) body += chunk as string;
  const { method, url, headers } = request;
  response.writeHead(200, { "x-by": "server" }).end(JSON.stringify({ method, url, headers, body }));
}

let server: Server;
let front: PlainFront;
before(async () => {
  server = createServer({ requestTimeout: 700, headersTimeout: 700, connectionsCheckingInterval: 100 }, (...parts) => {
    behind(...parts).catch(() => {});
  });
  front = plainFront(server, { event: "connection", take });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => close(server, front));

async function close(one: Server, its: PlainFront): Promise<void> {
  const closed = once(one, "close");
  one.close();
  its.closeAll();
  one.closeAllConnections();
  await closed;
}

const portOf = (one: Server): number => (one.address() as AddressInfo).port;

/** A connection, and what has come back on it so far. */
function open(context: TestContext, to: number | string = portOf(server)): { socket: Socket; text(): string } {
  const socket = typeof to === "string" ? connect(to) : connect(to, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1"))).on("error", () => {});
  context.after(() => socket.destroy());
  return { socket, text: () => text };
}

async function until(what: () => boolean, why: () => string): Promise<void> {
  for (const deadline = Date.now() + 20_000; !what(); await delay(5)) if (Date.now() > deadline) assert.fail(why());
}

/** What comes back on a connection of its own, until `wanted` heads have come or the server ends it. */
async function send(context: TestContext, bytes: string | string[], wanted = 1): Promise<string> {
  const { socket, text } = open(context);
  for (const part of [bytes].flat()) {
    await new Promise((resolve) => socket.write(part, "latin1", resolve));
    await delay(5);
  }
  const isThere = (): boolean => text().split("HTTP/1.1 ").length > wanted && /\r\n\r\n[^]/.test(text());
  await until(() => isThere() || socket.closed, text);
  return text();
}

const post = (target: string, body: string, more = ""): string =>
  `POST ${target} HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const ECHO = post("/front/echo", "hello");

test("a request that comes whole is answered by the front, in one piece, and the connection goes on", async (context) => {
  const { socket, text } = open(context);
  for (let number = 1; number <= 3; number++) {
    socket.write(ECHO);
    await until(() => text().split("hello").length > number, text);
  }
  assert.match(text(), /^HTTP\/1\.1 200 OK\r\ncontent-length: 5\r\ndate: .* GMT\r\nconnection: keep-alive\r\n/);
  assert.doesNotMatch(text(), /x-by/);
});

test("what is written in one turn of the event loop leaves at its end, in its order", async (context) => {
  const waiting: number[] = [];
  handlers.set("/front/turn", ({ socket }, response) => {
    response.writeHead(200, {}).write("one ");
    response.write(Buffer.from("two "));
    response.end("three");
    waiting.push(socket.writableLength);
    setImmediate(() => waiting.push(socket.writableLength));
  });
  context.after(() => handlers.delete("/front/turn"));
  const { socket, text } = open(context);
  socket.write(post("/front/turn", ""));
  await until(() => text().endsWith("0\r\n\r\n"), text);
  assert.equal(text().split("\r\n\r\n").slice(1).join("\r\n\r\n"), "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n");
  const [atOnce = 0, afterwards] = waiting;
  assert.ok(atOnce > text().length - 10, `${atOnce} of ${text().length} bytes waited`);
  assert.equal(afterwards, 0);
});

test("requests behind one another are answered in their order, also by both", async (context) => {
  const mixed = ECHO + post("/front/echo", "two") + post("/else", "three") + post("/front/echo", "four");
  const text = await send(context, mixed, 4);
  const at = ["hello", "two", '"body":"three"', '"body":"four"'].map((word) => text.indexOf(word));
  assert.deepEqual(
    at,
    at.toSorted((one, other) => one - other),
    text,
  );
  assert.ok((at[0] as number) > 0, text);
  const many = await send(context, ECHO.repeat(500), 500);
  assert.equal(many.split("hello").length, 501);
});

test("a body that comes in pieces is waited for; half a head is the server's", async (context) => {
  const [head = "", body = ""] = ECHO.split(/(?<=\r\n\r\n)/);
  const split = await send(context, [head, body.slice(0, 2), body.slice(2)]);
  assert.match(split, /\r\n\r\nhello$/);
  assert.doesNotMatch(split, /x-by/);
  assert.match(await send(context, [head.slice(0, 20), head.slice(20) + body]), /x-by: server[^]*"body":"hello"/);
});

const SERVERS: Record<string, string> = {
  "a path that is not the front's": post("/else?a=1", "hello"),
  chunks: "POST /front/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "the end of the connection": post("/front/echo", "hello", "Connection: close\r\n"),
  "HTTP/1.0": post("/front/echo", "hello").replace("1.1", "1.0"),
  "another method": post("/front/echo", "hello").replace("POST", "PUT"),
  "a name that stands twice": post("/front/echo", "hello", "X-A: 1\r\nX-A: 2\r\n"),
  "an upgrade that nobody knows": post("/front/echo", "hello", "Connection: upgrade\r\nUpgrade: other\r\n"),
  "a large body": post("/front/echo", "a".repeat(2 ** 20)),
};
for (const [name, bytes] of Object.entries(SERVERS)) {
  test(`it is the server's, whole: ${name}`, async (context) => {
    const text = await send(context, bytes);
    assert.match(text, /x-by: server/i, text.slice(0, 500));
    assert.match(text, /"body":"(hello|a{99})/);
  });
}

test("a client that asks whether to go on is told by the server", async (context) => {
  const [head = "", body = ""] = post("/front/echo", "hello", "Expect: 100-continue\r\n").split(/(?<=\r\n\r\n)/);
  const { socket, text } = open(context);
  socket.write(head);
  await until(() => text().includes("100 Continue"), text);
  socket.write(body);
  await until(() => text().includes('"body":"hello"'), text);
});

test("what stays half is let go by the server's own deadlines", async (context) => {
  const halves = ["", "POST /fr", ECHO.slice(0, -1)].map((bytes) => {
    const { socket } = open(context);
    socket.write(bytes);
    return socket;
  });
  await until(
    () => halves.every((socket) => socket.closed),
    () => halves.map(({ closed }) => closed).join(),
  );
});

test("a handler learns that its client has left, and what it writes then goes nowhere", async (context) => {
  const begun = later<PlainResponse>();
  const closed = later<void>();
  handlers.set("/front/leave", (_request, response) => {
    response.once("close", closed.resolve);
    begun.resolve(response);
  });
  const { socket } = open(context);
  socket.write(post("/front/leave", "{}"));
  const response = await begun.promise;
  socket.destroy();
  await closed.promise;
  assert.deepEqual([response.destroyed, response.writableFinished], [true, false]);
  response.writeHead(200, {}).end("late");
  assert.equal(response.writableFinished, false);
});

test("a stream goes out in chunks, waits for a slow reader, and is whole", async (context) => {
  handlers.set("/front/stream", async (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.write("grüße\n");
    response.write(Buffer.from("bytes\n"));
    let waits = 0;
    for (let number = 0; number < 400; number++) {
      if (response.write("x".repeat(20_000))) continue;
      waits++;
      await response.drained();
    }
    response.end(`waits ${Math.min(1, waits)}`);
  });
  const answer = await fetch(`http://127.0.0.1:${portOf(server)}/front/stream`, { method: "POST", body: "{}" });
  await delay(50);
  const text = await answer.text();
  assert.equal(answer.headers.get("transfer-encoding"), "chunked");
  assert.equal(text, `grüße\nbytes\n${"x".repeat(8_000_000)}waits 1`);
  const { text: raw, socket } = open(context);
  socket.write(post("/front/stream", "{}"));
  await until(() => raw().endsWith("\r\n0\r\n\r\n"), raw);
});

test("a header that would break the head is an error, and nothing has left", async (context) => {
  handlers.set("/front/header", (_request, response) => {
    assert.throws(() => response.writeHead(200, { "x-a": "1\r\nx-b: 2" }), TypeError);
    assert.throws(() => response.writeHead(200, { "x a": "1" }), TypeError);
    assert.equal(response.headersSent, false);
    assert.throws(() => response.writeHead(200, { "x-list": ["1", "1\r\nx-b: 2"] }), TypeError);
    response.writeHead(404, { "x-list": ["1", "2"], "x-latin": "\xe9" }).end("none ü");
  });
  const text = await send(context, post("/front/header", ""));
  assert.match(text, /^HTTP\/1\.1 404 Not Found\r\nx-list: 1\r\nx-list: 2\r\nx-latin: \xe9\r\ncontent-length: 7\r\n/);
  assert.ok(text.endsWith(Buffer.from("none ü").toString("latin1")), text);
});

test("a closing front says so in its last answers and waits for no further request", async (context) => {
  const own = createServer(() => {});
  const its = plainFront(own, { event: "connection", take });
  own.listen(0, "127.0.0.1");
  await once(own, "listening");
  const begun = later<PlainResponse>();
  handlers.set("/front/last", (_request, response) => begun.resolve(response));
  const idle = open(context, portOf(own));
  idle.socket.write(ECHO);
  await until(() => idle.text().endsWith("hello"), idle.text);
  const busy = open(context, portOf(own));
  busy.socket.write(post("/front/last", "{}"));
  const response = await begun.promise;
  const closed = once(own, "close");
  own.close();
  its.closeIdle();
  await until(() => idle.socket.closed, idle.text);
  response.writeHead(200, {}).end("done");
  await closed;
  await until(() => busy.socket.closed, busy.text);
  assert.match(busy.text(), /connection: close\r\n\r\ndone$/);
});

test("it stands in front of TLS and of a socket file too", async (context) => {
  const authority = await testAuthority();
  const { key, cert } = await authority.issue({ serial: "02" });
  const secure = createSecureServer({ key, cert }, (...parts) => void behind(...parts));
  const its = plainFront(secure, { event: "secureConnection", take });
  secure.listen(0, "127.0.0.1");
  await once(secure, "listening");
  context.after(() => close(secure, its));
  for (const [target, wanted] of [
    ["/front/echo", "hello"],
    ["/else", '"body":"hello"'],
  ] as const) {
    const answer = await new Promise<string>((resolve, reject) => {
      const options = {
        port: portOf(secure),
        ca: authority.cert,
        servername: "localhost",
        path: target,
        method: "POST",
      };
      secureRequest({ host: "127.0.0.1", ...options, headers: { "content-length": 5 } }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += String(chunk))).on("end", () => resolve(text));
      })
        .on("error", reject)
        .end("hello");
    });
    assert.ok(answer.includes(wanted), answer);
  }
  if (process.platform === "win32") return;
  const folder = await mkdtemp(path.join(tmpdir(), "front-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const local = createServer((...parts) => void behind(...parts));
  const localFront = plainFront(local, { event: "connection", take });
  local.listen(path.join(folder, "socket"));
  await once(local, "listening");
  context.after(() => close(local, localFront));
  const { socket, text } = open(context, path.join(folder, "socket"));
  socket.write(ECHO);
  await until(() => text().endsWith("hello"), text);
});

interface Later<Value> {
  promise: Promise<Value>;
  resolve(value: Value): void;
}

function later<Value>(): Later<Value> {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((resolved) => (resolve = resolved));
  return { promise, resolve };
}

const seeded = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};

test("whatever the front takes of changed requests, llhttp reads the same", async (context) => {
  let told: ((got: { method?: string; url?: string; headers: object; body: string }) => void) | undefined;
  const plain = createServer((request) => {
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    const { method, url, headers } = request;
    request.on("end", () => told?.({ method, url, headers, body }));
  });
  plain.on("clientError", (error, socket) => {
    told?.({ method: error.message, headers: {}, body: "" });
    socket.destroy();
  });
  plain.listen(0, "127.0.0.1");
  await once(plain, "listening");
  context.after(() => {
    plain.close();
    plain.closeAllConnections();
  });
  const random = seeded(20261123);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const kinds = [
    ECHO,
    post("/v1/chat/completions?api-version=1", '{"a":1}', "Authorization: Bearer x\r\nX-A:  b\t\r\n"),
    "GET /v1/models HTTP/1.1\r\nhost: a:1\r\naccept: */*\r\n\r\n",
    ...Object.values(SERVERS).filter((text) => text.length < 1000),
  ];
  const inserts = [
    ...'\r\n\0: \t01;,-+_\x80\xa0\x7f\v"#?%'.split(""),
    "\r\n",
    "\r\n ",
    "\n\n",
    "content-length: 3\r\n",
    "Connection: close\r\n",
    "Host: b\r\n",
    "X: y\r\n",
    "close",
  ];
  let taken = 0;
  for (let round = 0; round < 1500; round++) {
    let text = pick(kinds);
    for (let change = Math.floor(random() * 4); change > 0; change--) {
      const at = Math.floor(random() * text.length);
      text = text.slice(0, at) + (random() < 0.7 ? pick(inserts) : "") + text.slice(at + (random() < 0.5 ? 1 : 0));
    }
    const bytes = Buffer.from(text, "latin1");
    const head = readRequestHead(bytes);
    if (!head || head.bodyBytes > 100) continue;
    taken++;
    const all = Buffer.concat([bytes, Buffer.alloc(200, "a")]).subarray(0, head.headBytes + head.bodyBytes);
    const socket = connect(portOf(plain), "127.0.0.1").on("error", () => {});
    const got = await new Promise((resolve) => {
      told = resolve;
      socket.write(all);
    });
    socket.destroy();
    const { method, target: url, headers, headBytes } = head;
    assert.deepEqual(got, { method, url, headers, body: all.toString("latin1", headBytes) }, JSON.stringify(text));
  }
  assert.ok(taken > 200, `only ${taken} were taken`);
});
