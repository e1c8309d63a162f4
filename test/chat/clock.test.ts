// The order of chats is kept by numbers of their own, as the fault matrix of a store asks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Loose, chatServer } from "./chat-server.ts";
import { answering, scriptedTarget } from "./scripted-target.ts";

test("a clock that is set back an hour changes the order of nothing", async (t) => {
  const server = await chatServer(scriptedTarget((call) => answering([`About ${call.inputs.question as string}.`])));
  t.after(() => server.close());
  await server.ask("older", "one");
  await server.ask("newer", "two");
  const { now } = Date;
  t.mock.method(Date, "now", () => now() - 3_600_000);
  const read = await server.ask("older", "three");
  assert.ok(read.isDone);
  assert.deepEqual(
    read.events.map(({ seq }) => seq),
    read.events.map((_, at) => at + 1),
  );

  const { body } = await server.call("GET", "/api/conversations/older");
  assert.deepEqual(
    body.messages.map(({ parts }: Loose) => parts.find(({ type }: Loose) => type === "text").text),
    ["one", "About one.", "three", "About three."],
  );
  const { body: list } = await server.call("GET", "/api/conversations");
  assert.deepEqual(
    list.items.map(({ id }: Loose) => id),
    ["older", "newer"],
  );
});
