// The project's own HTTP client against servers that write bytes by hand; Node's own client, which reads with llhttp, says
// what an answer means.

import assert from "node:assert/strict";
import { request } from "node:http";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { after, test } from "node:test";
import { httpClient } from "../../src/network/http-client.ts";
import type { HttpClient, HttpClientOptions, HttpRequest } from "../../src/network/http-exchange.ts";

interface Told {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  failure?: string;
}

/** Answers each request with these bytes, in these writes; each write is read before the next comes. */
let script: (requestText: string, socket: Socket) => void = () => {};
let connections = 0;
const sockets = new Set<Socket>();
const server: Server = createServer((socket) => {
  connections++;
  sockets.add(socket);
  socket.setNoDelay(true).on("error", () => {});
  socket.once("close", () => sockets.delete(socket));
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
    if (end < 0 || text.length < end + 4 + length) return;
    const whole = text.slice(0, end + 4 + length);
    text = text.slice(whole.length);
    script(whole, socket);
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const open: HttpClient[] = [];
after(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(open.map((client) => client.close()));
  server.close();
});

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = httpClient(origin, { connections: 10, timeoutMs: 5000, ...options });
  open.push(made);
  return made;
}

const TEXT = { accept: "text/plain" };

function ask(
  by: HttpClient,
  { method = "GET", path = "/", headers = TEXT, body = null }: Partial<HttpRequest> = {},
): Promise<Told> {
  const told: Told = { status: 0, headers: {}, body: "" };
  return new Promise((resolve) => {
    by.dispatch(
      { method, path, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_exchange, status, headers) {
          Object.assign(told, { status, headers });
        },
        onResponseData(_exchange, bytes) {
          told.body += bytes.toString("latin1");
        },
        onResponseEnd: () => resolve(told),
        onResponseError: (_exchange, error) => resolve({ ...told, failure: error.message }),
      },
    );
  });
}

/** What llhttp makes of the next answer. */
function oracle(method: string): Promise<Told> {
  return new Promise((resolve) => {
    const call = request(origin, { method, agent: false }, (response) => {
      const told: Told = { status: response.statusCode ?? 0, headers: response.headers, body: "" };
      response.setEncoding("latin1").on("data", (part: string) => (told.body += part));
      response.on("error", (error) => resolve({ ...told, failure: error.message }));
      response.on("end", () => resolve(response.complete ? told : { ...told, failure: "cut off" }));
    });
    call.on("error", (error) => resolve({ status: 0, headers: {}, body: "", failure: error.message }));
    call.end();
  });
}

/** In pieces of one width, each a write of its own; then the end of the connection. */
function inPieces(text: string, width: number): typeof script {
  return (_request, socket) => {
    const bytes = Buffer.from(text, "latin1");
    const next = (at: number): void => {
      if (at >= bytes.length) socket.end();
      else if (!socket.destroyed) socket.write(bytes.subarray(at, at + width), () => setImmediate(next, at + width));
    };
    next(0);
  };
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const GOOD: Record<string, string> = {
  "a length": `${OK}Content-Length: 5\r\nX-A: 1\r\nx-a:  two \r\n\r\nhello`,
  "a length of nothing": `${OK}Content-Length: 0\r\n\r\n`,
  chunks: `${CHUNKED}3\r\nabc\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n`,
  "chunks and a trailer": `${CHUNKED}1\r\na\r\n000\r\nX-T: 1\r\n\r\n`,
  "until the end": `${OK}\r\nall of this`,
  "an older server": "HTTP/1.0 200 OK\r\n\r\nold",
  "early hints": `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nhi`,
  "no content": "HTTP/1.1 204 No Content\r\n\r\n",
  "no reason": "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx",
};

for (const [name, text] of Object.entries(GOOD)) {
  test(`an answer is read as llhttp reads it, wherever it is cut: ${name}`, async () => {
    script = inPieces(text, 1 << 20);
    const meant = await oracle("GET");
    assert.equal(meant.failure, undefined);
    for (const width of [1 << 20, 7, 1]) {
      script = inPieces(text, width);
      const told = await ask(client());
      assert.deepEqual([told.status, told.body, told.failure], [meant.status, meant.body, undefined]);
      if (name === "a length") assert.deepEqual(told.headers["x-a"], ["1", "two"]);
    }
  });
}

const BAD: Record<string, string> = {
  "two lengths": `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
  "a length and chunks": `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a negative length": `${OK}Content-Length: -5\r\n\r\nhello`,
  "a length with a sign": `${OK}Content-Length: +5\r\n\r\nhello`,
  "another coding": `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  "nearly chunked": `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  "a folded header": `${OK}X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n`,
  "a blank before the colon": `${OK}Content-Length : 0\r\n\r\n`,
  "a line end in a value": `${OK}X-A: 1\rX: 2\r\nContent-Length: 0\r\n\r\n`,
  "a NUL": `${OK}X-A: \0\r\nContent-Length: 0\r\n\r\n`,
  "another version": "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
  "another protocol": "SSH-2.0-OpenSSH_9.2\r\n\r\n",
  "a chunk without a size": `${CHUNKED}\r\nabc\r\n0\r\n\r\n`,
  "a chunk that is longer": `${CHUNKED}2\r\nabc\r\n0\r\n\r\n`,
  "a size with a prefix": `${CHUNKED}0x2\r\nab\r\n0\r\n\r\n`,
  "a head without an end": `${OK}X-A: ${"a".repeat(70_000)}`,
  "an answer cut off": `${OK}Content-Length: 5\r\n\r\nhel`,
  "chunks cut off": `${CHUNKED}5\r\nhel`,
};

test("answers that could be understood in two ways, or end too early, are failures", async () => {
  for (const [name, text] of Object.entries(BAD)) {
    script = inPieces(text, 1 << 20);
    const told = await ask(client());
    assert.ok(told.failure !== undefined, `${name} was taken for ${JSON.stringify(told)}`);
  }
});

test("changed answers are refused, or mean what llhttp takes them for", async () => {
  const random = seeded(20261123);
  const pool = client();
  const kinds = Object.values({ ...GOOD, ...BAD }).filter((text) => text.length < 1000);
  const inserts = ["\r", "\n", "\0", ":", " ", "\t", "0", "1", ";", ",", "\x80", "chunked", "\r\n"];
  for (let round = 0; round < 300; round++) {
    let text = kinds[Math.floor(random() * kinds.length)] as string;
    for (let change = random() * 3; change > 0; change--) {
      const at = Math.floor(random() * text.length);
      const insert = inserts[Math.floor(random() * inserts.length)] as string;
      text = text.slice(0, at) + (random() < 0.6 ? insert : "") + text.slice(at + (random() < 0.5 ? 1 : 0));
    }
    script = inPieces(text, 1 << 20);
    const [told, meant] = [await ask(pool), await oracle("GET")];
    // What follows a whole answer is no part of it: here the connection is closed, there it is an error.
    if (told.failure !== undefined || meant.failure?.includes("Expected HTTP/")) continue;
    assert.deepEqual(
      [meant.status, meant.body, meant.failure],
      [told.status, told.body, undefined],
      JSON.stringify(text),
    );
  }
});

test("one connection takes one request after another, and another one only when it has to", async () => {
  const seen: string[] = [];
  script = (text, socket) => {
    seen.push(text);
    socket.write(`${OK}Content-Length: 2\r\n\r\nok`);
  };
  const pool = client();
  connections = 0;
  await ask(pool, { method: "POST", path: "/a?b=1", body: "größe" });
  await ask(pool, { method: "POST", path: "/b", body: Buffer.from("bytes") });
  await ask(pool);
  assert.equal(connections, 1);
  assert.match(seen[0] ?? "", /^POST \/a\?b=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n.*content-length: 7\r\n\r\ngr/s);
  assert.match(seen[1] ?? "", /content-length: 5\r\n\r\nbytes$/);
  await Promise.all([ask(pool), ask(pool), ask(pool)]);
  assert.equal(connections, 3);
});

test("what a connection says beyond its answer is never taken for the next one", async () => {
  const answers = [
    `${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 4\r\n\r\nevil`,
    `${OK}Content-Length: 4\r\n\r\ngood`,
  ];
  let at = 0;
  script = (_text, socket) => void socket.write(answers[at++] ?? "");
  const pool = client({ connections: 1 });
  const [first, second] = await Promise.all([ask(pool), ask(pool)]);
  assert.deepEqual([first.body, second.body, second.failure], ["ok", "good", undefined]);
});

test("a connection is not used longer than its server keeps it, nor after one that closes", async () => {
  const heads = ["Keep-Alive: timeout=1\r\n", "Connection: close\r\n", ""];
  let at = 0;
  script = (_text, socket) => void socket.write(`${OK}${heads[at++] ?? ""}Content-Length: 2\r\n\r\nok`);
  const pool = client();
  connections = 0;
  for (let call = 0; call < 4; call++) assert.equal((await ask(pool)).body, "ok");
  assert.equal(connections, 3);
});

test("requests over the number of connections wait for their turn, and leave it when they are given up", async () => {
  let running = 0;
  let most = 0;
  script = (_text, socket) => {
    most = Math.max(most, ++running);
    setTimeout(() => {
      running--;
      socket.write(`${OK}Content-Length: 2\r\n\r\nok`);
    }, 5);
  };
  const pool = client({ connections: 2 });
  const asked = Array.from({ length: 8 }, () => ask(pool));
  let failure: Error | undefined;
  pool.dispatch(
    { method: "GET", path: "/", headers: {} },
    {
      onRequestStart: (exchange) => void setImmediate(() => exchange.abort(new Error("enough"))),
      onResponseStart: () => assert.fail("it has been asked"),
      onResponseData() {},
      onResponseEnd() {},
      onResponseError: (_exchange, error) => (failure = error),
    },
  );
  const told = await Promise.all(asked);
  assert.deepEqual(new Set(told.map(({ body }) => body)), new Set(["ok"]));
  assert.equal(most, 2);
  assert.equal(failure?.message, "enough");
});

test("a call that is given up closes its connection; a slow reader stops the server", async () => {
  const chunk = "x".repeat(65_536);
  let written = 0;
  const closed = new Promise<void>((resolve) => {
    script = (_text, socket) => {
      socket.write(`${OK}\r\n`);
      const more = (): void => {
        while (!socket.destroyed && written < 400 && socket.write(chunk)) written++;
      };
      socket.on("drain", more).once("close", () => resolve());
      more();
    };
  });
  const pool = client();
  let read = 0;
  const exchange = await new Promise<{ resume(): void; abort(reason: Error): void }>((resolve) => {
    pool.dispatch(
      { method: "GET", path: "/", headers: {} },
      {
        onRequestStart() {},
        onResponseStart(started) {
          started.pause();
          setTimeout(() => resolve(started), 100);
        },
        onResponseData: (_exchange, bytes) => (read += bytes.length),
        onResponseEnd() {},
        onResponseError() {},
      },
    );
  });
  assert.ok(read <= 2 ** 17, `${read} bytes were read while paused`);
  exchange.resume();
  while (read < 2 ** 20) await new Promise((resolve) => setTimeout(resolve, 5));
  exchange.abort(new Error("enough"));
  await closed;
});

test("a request that is given up in the turn it was made in is never sent", async () => {
  const heard: string[] = [];
  script = (text, socket) => {
    heard.push(text.split(" ", 2)[1] ?? "");
    socket.write(`${OK}Content-Length: 2\r\n\r\nok`);
  };
  const pool = client({ connections: 1 });
  assert.equal((await ask(pool, { path: "/before" })).body, "ok");
  let failure: Error | undefined;
  pool.dispatch(
    { method: "POST", path: "/given-up", headers: TEXT, body: "paid for" },
    {
      onRequestStart: (exchange) => queueMicrotask(() => exchange.abort(new Error("enough"))),
      onResponseStart: () => assert.fail("it has been asked"),
      onResponseData() {},
      onResponseEnd() {},
      onResponseError: (_exchange, error) => (failure = error),
    },
  );
  assert.equal((await ask(pool, { path: "/after" })).body, "ok");
  assert.equal(failure?.message, "enough");
  assert.deepEqual(heard, ["/before", "/after"]);
});

test("a header or a path that would break the request is refused; a closed client takes nothing", async () => {
  const pool = client();
  const handler = {
    onRequestStart() {},
    onResponseStart() {},
    onResponseData() {},
    onResponseEnd() {},
    onResponseError() {},
  };
  const broken: { method: string; path: string; headers: Record<string, string> }[] = [
    { method: "GET", path: "/a b", headers: {} },
    { method: "GET", path: "/a\r\nx: y", headers: {} },
    { method: "GET", path: "/", headers: { a: "b\r\nc: d" } },
    { method: "GET", path: "/", headers: { "a\r\nb": "c" } },
  ];
  for (const request of broken) {
    assert.throws(() => pool.dispatch(request, handler), TypeError);
  }
  await pool.close();
  assert.match((await ask(pool)).failure ?? "", /closed/);
});

test("each request has the headers that it was given, whatever others had", async () => {
  script = (text, socket) => {
    const lines = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n").slice(3);
    const body = JSON.stringify(lines);
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  };
  const pool = client();
  const random = seeded(7);
  const below = (most: number): number => Math.floor(random() * most);
  const reused: Record<string, string> = {};
  const frozen = [1, 2].map((number) => Object.freeze({ "x-frozen": String(number), "x-0": "of the frozen" }));
  // More names than are remembered.
  for (let call = 0; call < 800; call++) {
    reused[`x-${below(4)}`] = String(below(3));
    const headers = [reused, { [`x-${call}`]: "1", "x-1": String(below(3)) }, ...frozen][below(4)] ?? {};
    const wanted = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    assert.deepEqual(JSON.parse((await ask(pool, { headers })).body), wanted);
  }
  for (const value of ["1\r\nx-b: 2", "1\n", "\0", "\u{100}"])
    await assert.rejects(ask(pool, { headers: { "x-1": value } }), TypeError);
  await assert.rejects(ask(pool, { headers: Object.freeze({ "x-1": "1\r\nx-b: 2" }) }), TypeError);
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
