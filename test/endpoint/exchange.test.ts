import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { clientSignal } from "../../src/endpoint/exchange.ts";
import { writeError } from "../../src/endpoint/score.ts";

test("the signal of a client that has left already is aborted", async () => {
  let late: AbortSignal | undefined;
  const server = createServer((_request, response) => {
    // As when the answer first has to wait for something, such as an instance to become ready.
    response.once("close", () =>
      setImmediate(() => {
        late = clientSignal(response);
        server.close();
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(server, "request");
  client.destroy();
  await once(server, "close");
  assert.equal(late?.aborted, true);
});

test("the signal of a client that got its answer is not aborted", async () => {
  let signal: AbortSignal | undefined;
  const server = createServer((_request, response) => {
    signal = clientSignal(response);
    response.end("done");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  assert.equal(await response.text(), "done");
  server.close();
  server.closeAllConnections();
  await once(server, "close");
  assert.equal(signal?.aborted, false);
});

test("a call that was ended below has a status that servers have", () => {
  const sent: number[] = [];
  const sink = { send: (status: number) => void sent.push(status), head() {}, write: () => undefined, end() {} };
  for (const managed of [true, false]) {
    writeError(new FlowsteadError("Canceled", "stopped").toBody(), sink, managed);
    writeError(new FlowsteadError("InvalidRequest", "bad").toBody(), sink, managed);
  }
  assert.deepEqual(sent, [408, 424, 408, 400]);
});
