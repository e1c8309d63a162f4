// A server that closes: its last answers leave before whoever stops it goes on.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { closing } from "../../src/network/closing.ts";

const BODY = "the whole answer ".repeat(1000);

async function serverWithCall(context: TestContext): Promise<{
  server: ReturnType<typeof createServer>;
  response: ServerResponse;
  answer: Promise<string>;
  port: number;
}> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const answer = fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } }).then((got) => got.text());
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  return { server, response, answer, port };
}

test("it is waited for a call under way until its answer has left; nobody new comes in", async (context) => {
  const { server, response, answer, port } = await serverWithCall(context);
  const answered = closing(server);
  let isOver = false;
  const over = answered().then(() => (isOver = true));
  const refused = connect(port, "127.0.0.1");
  assert.equal(((await once(refused, "error")) as [NodeJS.ErrnoException])[0].code, "ECONNREFUSED");
  assert.equal(isOver, false);
  response.end(BODY);
  await over;
  assert.equal(await answer, BODY);
});

test("a connection that never ends is waited for a second, and no longer", async (context) => {
  const { server, answer } = await serverWithCall(context);
  const lost = assert.rejects(answer);
  const won = await Promise.race([
    closing(server)().then(() => "over"),
    delay(30_000, "still waiting", { ref: false }),
  ]);
  assert.equal(won, "over");
  server.closeAllConnections();
  await lost;
});
