import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ChatServer, type Loose, chatServer, question } from "./chat-server.ts";
import { type ScriptedTarget, answering, gate, passage, scriptedTarget } from "./scripted-target.ts";

describe("conversations belong to one person", () => {
  let server: ChatServer;
  let target: ScriptedTarget;
  let messageId = "";
  const step = gate();
  before(async () => {
    target = scriptedTarget(async function* (call) {
      if (call.inputs.question === "slow") await step.opened;
      yield* answering(["Everyone has 30 days [1]."], [passage(1, "Everyone has 30 days.")]);
    });
    server = await chatServer(target);
    await server.ask("mine", "What is mine?");
    messageId = (await server.call("GET", "/api/conversations/mine")).body.messages[1].id;
  });
  after(() => server.close());

  it("looks to others as if it did not exist, whatever they try", async () => {
    const active = await server.open("/api/chat", question("busy", "slow"));
    const tries: [string, string, unknown?][] = [
      ["GET", "/api/conversations/mine"],
      ["PATCH", "/api/conversations/mine", { title: "theirs" }],
      ["PATCH", "/api/conversations/mine", { activeMessageId: messageId }],
      ["DELETE", "/api/conversations/mine"],
      ["POST", "/api/chat", question("mine", "hello")],
      ["POST", "/api/chat", question("mine", "", { trigger: "regenerate-message", messageId })],
      ["POST", "/api/chat", question("busy", "hello")],
      ["GET", "/api/chat/busy/stream"],
      ["GET", "/api/chat/busy/events"],
      ["POST", "/api/chat/busy/stop", {}],
      ["POST", `/api/messages/${messageId}/feedback`, { value: 1 }],
      ["GET", `/api/sources/${messageId}/1`],
    ];
    for (const [method, route, body] of tries) {
      const theirs = await server.call(method, route, body, "mallory");
      assert.equal(theirs.status, 404, `${method} ${route}`);
      if (!route.includes("/mine") || body !== undefined) continue;
      const nobodys = await server.call(method, route.replace("/mine", "/none"), body, "mallory");
      assert.deepEqual(
        { ...theirs, body: JSON.stringify(theirs.body).replace("mine", "X") },
        { ...nobodys, body: JSON.stringify(nobodys.body).replace("none", "X") },
      );
    }
    assert.deepEqual((await server.call("GET", "/api/conversations?q=mine", undefined, "mallory")).body, { items: [] });
    step.open();
    assert.ok((await active.done).isDone);
    const { body } = await server.call("GET", "/api/conversations/mine");
    assert.equal(body.title, "What is mine?");
    assert.equal(body.messages.length, 2);
    assert.deepEqual(target.aborted, []);
  });

  it("keeps feedback of the owner and takes it back", async () => {
    const route = `/api/messages/${messageId}/feedback`;
    const feedback = async (): Promise<unknown> =>
      (await server.call("GET", "/api/conversations/mine")).body.messages[1].feedback;
    assert.equal(await feedback(), undefined);
    const bad = { value: -1, reasons: ["not in the documents"], comment: "30, not 25" };
    assert.equal((await server.call("POST", route, bad)).status, 200);
    assert.deepEqual(await feedback(), { value: -1 });
    await server.call("POST", route, { value: 1 });
    assert.deepEqual(await feedback(), { value: 1 });
    await server.call("POST", route, { value: 0 });
    assert.equal(await feedback(), undefined);
    assert.equal((await server.call("POST", route, { value: 2 })).status, 400);
  });

  it("renames, finds by word, pages and deletes", async () => {
    for (let i = 0; i < 5; i++) await server.ask(`page${i}`, `Topic number n${i}x with 100% of a_b`);
    const list = async (query: string): Promise<Loose> =>
      (await server.call("GET", `/api/conversations?${query}`)).body;
    const ids: string[] = [];
    let cursor = "";
    do {
      const page = await list(`limit=2${cursor && `&cursor=${cursor}`}`);
      ids.push(...page.items.map((item: Loose) => item.id));
      cursor = page.next ?? "";
    } while (cursor !== "");
    assert.deepEqual(ids, ["page4", "page3", "page2", "page1", "page0", "busy", "mine"]);
    await server.ask("page1", "again");
    assert.equal((await list("limit=1")).items[0].id, "page1");
    await server.call("PATCH", "/api/conversations/page2", { title: "  Holidays " });
    assert.deepEqual(
      (await list("q=holiDAYS")).items.map((item: Loose) => item.title),
      ["Holidays"],
    );
    assert.equal((await list("q=100%25")).items.length, 5);
    assert.equal((await list("q=a%25b")).items.length, 0, "% is a character, not a wildcard");
    assert.equal((await list("q=topic N3X")).items.length, 1);
    assert.equal((await server.call("DELETE", "/api/conversations/page2")).status, 200);
    assert.equal((await server.call("GET", "/api/conversations/page2")).status, 404);
    assert.equal((await list("limit=100")).items.length, 6);
  });

  it("stops what runs in a conversation that is deleted", async () => {
    const never = gate();
    target = scriptedTarget(async function* () {
      await never.opened;
      yield* answering([]);
    });
    const other = await chatServer(target);
    const reader = await other.open("/api/chat", question("gone", "q"));
    await reader.when((read) => read.events.length > 0);
    assert.equal((await other.call("DELETE", "/api/conversations/gone")).status, 200);
    assert.equal((await reader.done).events.at(-1)?.part.type, "abort");
    assert.deepEqual(target.aborted, [0]);
    assert.equal((await other.call("GET", "/api/conversations/gone")).status, 404);
    never.open();
    await other.close();
  });

  it("names the part of a request that is wrong", async () => {
    const tries: [string, string, unknown, RegExp][] = [
      ["POST", "/api/chat", { id: "a b", messages: [] }, /^id: is not an id/],
      ["POST", "/api/chat", { id: "x", messages: [] }, /no user message/],
      ["POST", "/api/chat", question("x", "   "), /no user message/],
      ["POST", "/api/chat", question("x", "y".repeat(200_001)), /Shorten it/],
      ["PATCH", "/api/conversations/mine", {}, /nothing to change/],
      ["PATCH", "/api/conversations/mine", { title: "  " }, /^title:/],
      ["GET", "/api/conversations?limit=0", undefined, /^limit:/],
      ["GET", "/api/chat/mine/events?after=-1", undefined, /^after:/],
    ];
    for (const [method, route, body, message] of tries) {
      const answer = await server.call(method, route, body);
      assert.equal(answer.status, 400, route);
      assert.equal(answer.body.error.code, "InvalidRequest");
      assert.match(answer.body.error.message, message);
    }
  });

  it("tells the page who and what it talks to", async () => {
    const { body } = await server.call("GET", "/api/session", undefined, "bob");
    assert.deepEqual(body, {
      user: { id: "bob", name: "bob" },
      title: "Test",
      model: { id: "m", isLanguageModel: true },
      examples: ["Hi?"],
      documents: 3,
    });
  });
});
