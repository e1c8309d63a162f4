import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { SILENT } from "../../src/base/log.ts";
import { openChat } from "../../src/chat/chat.ts";
import { CHAT_MIGRATIONS } from "../../src/chat/migration.ts";
import { openRecordStore } from "../../src/store/provider/index.ts";
import { sourceFile } from "../program.ts";
import { type Loose, chatServer, question, textOf } from "./chat-server.ts";
import { answering, gate, on, scriptedTarget } from "./scripted-target.ts";

describe("a chat that is killed in mid-answer", () => {
  it("has the question and the text that was logged, says that it was interrupted, and goes on", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-crash-"));
    try {
      const child = spawn(process.execPath, [...sourceFile("test/chat/crashing-server.ts"), folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      const url = line.toString().trim();
      const shown: string[] = [];
      await Promise.all(
        ["c1", "c2", "c3"].map(async (id) => {
          const response = await fetch(`${url}/api/chat`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(question(id, `Question in ${id}`)),
          });
          let text = "";
          for await (const chunk of response.body ?? []) {
            text += Buffer.from(chunk as Uint8Array).toString();
            if (text.includes("piece60 ")) break;
          }
          // By now everything up to the 30th piece has been logged for longer than the log may take.
          shown.push(text);
        }),
      );
      child.kill("SIGKILL");
      await once(child, "close");

      const target = scriptedTarget(() => answering(["a whole answer"]));
      const server = await chatServer(target, { folder });
      try {
        assert.deepEqual(await server.store.check(), []);
        for (const id of ["c1", "c2", "c3"]) {
          const { body } = await server.call("GET", `/api/conversations/${id}`);
          assert.equal(body.activeRun, undefined);
          assert.equal(textOf(body.messages[0]), `Question in ${id}`);
          const answer = body.messages[1];
          assert.equal(answer.status, "interrupted");
          assert.match(answer.error, /interrupted.*Ask again/);
          const text = textOf(answer);
          const pieces = [...text.matchAll(/piece(\d+) /g)].map((match) => Number(match[1]));
          assert.deepEqual(
            pieces,
            pieces.map((_, index) => index),
            "no piece is lost or doubled",
          );
          assert.ok(pieces.length > 30, `${pieces.length} pieces were kept`);
          assert.ok(text.startsWith("Everyone has 30 days of leave [1]. piece0 "));
          assert.ok(answer.parts.some((part: Loose) => part.type === "data-citation" && part.data.spans.length === 1));
          assert.ok(answer.parts.every((part: Loose) => part.data?.status !== "running"));
        }
        const again = await server.ask("c1", "", { trigger: "regenerate-message" });
        assert.equal(again.text, "a whole answer");
        const { body } = await server.call("GET", "/api/conversations/c1");
        assert.equal(body.messages[1].siblings.count, 2);
        assert.equal((await server.open("/api/chat/c2/stream")).seen.status, 204);
      } finally {
        await server.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("a chat that is closed", () => {
  it("lets answers end for the grace it is given, and takes no new questions", async () => {
    const step = gate();
    const target = scriptedTarget(async function* (call) {
      yield on.text("begun ");
      if (call.inputs.question === "short") await step.opened;
      else await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
      yield on.text("ended");
      yield on.end({});
    });
    const server = await chatServer(target);
    const short = await server.open("/api/chat", question("short", "short"));
    const long = await server.open("/api/chat", question("long", "long"));
    await long.when((read) => read.text !== "");
    const closing = server.chat.close(300);
    assert.equal((await server.ask("new", "q")).status, 503);
    step.open();
    assert.equal((await short.done).text, "begun ended");
    assert.match(JSON.stringify((await long.done).events.at(-1)), /interrupted/);
    await closing;
    assert.deepEqual(target.aborted, [1]);
    await server.close();
  });
});

describe("a chat whose disk fails", () => {
  it("shows the answer, says that it was not saved, and is whole again when there is room", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-full-"));
    const store = await openRecordStore({ file: path.join(folder, "state.db") });
    try {
      await store.migrate("chat", CHAT_MIGRATIONS);
      let isFull = false;
      const failing: typeof store = {
        ...store,
        write: (work) =>
          store.write(async (transaction) => {
            const result = await work(transaction as never);
            if (isFull) throw Object.assign(new Error("disk full"), { code: "SQLITE_FULL" });
            return result;
          }),
      };
      const target = scriptedTarget(async function* (_call, _signal, nth) {
        isFull = nth === 0;
        yield* answering(["some text"]);
      });
      const chat = await openChat({ store: failing, target, log: SILENT });
      const read = async (conversationId: string): Promise<Loose[]> => {
        const run = await chat.ask("alice", { conversationId, text: "q" });
        const events: Loose[] = [];
        for await (const batch of run.read(0, new AbortController().signal))
          events.push(...batch.map((each) => each.event));
        return events;
      };
      const events = await read("c1");
      assert.ok(events.some((event) => event.type === "text-delta" && event.text === "some text"));
      assert.match(events.at(-1).text, /could not be saved/);
      isFull = false;
      const view = await chat.view("alice", "c1");
      assert.equal(view.messages[1]?.status, "interrupted");
      const next = await read("c1");
      assert.equal(next.at(-1).type, "end");
      await chat.close();
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("a chat whose disk is slow", () => {
  it("asks the flow at once, and shows nobody anything before the question is safe", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-slow-"));
    const store = await openRecordStore({ file: path.join(folder, "state.db") });
    try {
      let disk: Promise<void> = Promise.resolve();
      const slow: typeof store = {
        ...store,
        commit: async (work) => ({ ...(await store.commit(work)), durable: disk }),
      };
      const asked = [gate(), gate()];
      const target = scriptedTarget(async function* (_call, signal, nth) {
        asked[nth]?.open();
        if (nth === 1) await once(signal, "abort");
        yield* answering(["some text"]);
      });
      const chat = await openChat({ store: slow, target, log: SILENT });
      const safe = gate();
      disk = safe.opened;
      let isShown = false;
      const first = chat.ask("alice", { conversationId: "c1", text: "q" }).finally(() => (isShown = true));
      await asked[0]?.opened;
      const other = chat.activeRun("alice", "c1").finally(() => (isShown = true));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isShown, false);
      safe.open();
      await Promise.all([first, other]);

      disk = asked[1]?.opened.then(() => Promise.reject(new Error("the disk is gone"))) as Promise<void>;
      await assert.rejects(chat.ask("alice", { conversationId: "c2", text: "q" }), /the disk is gone/);
      assert.deepEqual(target.aborted, [1]);
      await chat.close();
      const view = await chat.view("alice", "c2");
      assert.equal(view.messages[1]?.status, "interrupted");
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
