import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { pyStr } from "../../src/base/value.ts";
import { FlowsteadError } from "../../src/base/error/error.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { type ChatServer, type Loose, type StreamRead, chatServer, hash, question, textOf } from "./chat-server.ts";
import { CHAT_SIGNATURE } from "../fake/target.ts";
import { type Script, answering, gate, on, passage, scriptedTarget } from "./scripted-target.ts";

const open: ChatServer[] = [];
async function serve(script: Script, options?: Parameters<typeof chatServer>[1]) {
  const target = scriptedTarget(script);
  const server = await chatServer(target, options);
  open.push(server);
  return { ...server, target };
}
after(() => Promise.all(open.map((server) => server.close())));

const words = (count: number): string[] => Array.from({ length: count }, (_, index) => `word${index} `);

describe("a chat turn", () => {
  it("keeps that an answer was cut off at its limit", async () => {
    const server = await serve(async function* () {
      yield on.start("answer");
      yield on.text("You have 30");
      yield { ...on.done("answer"), cutShort: "length" } as FlowEvent;
      yield on.end({ answer: "You have 30" });
    });
    await server.ask("cut", "How much leave do I have?");
    const { body } = await server.call("GET", "/api/conversations/cut");
    const step = body.messages[1].parts.find((part: Loose) => part.type === "data-node");
    assert.equal(step.data.cutShort, "length");
  });

  it("streams the AI SDK's parts in order, with numbers without a gap", async () => {
    const documents = [passage(1, "Everyone has 30 days of leave."), passage(2, "Offices close at six.")];
    const server = await serve(() => answering(["You have 30 ", "days of leave [", "1]."], documents));
    const read = await server.ask("c1", "How much leave do I have?");
    assert.equal(read.status, 200);
    assert.equal(read.headers["x-vercel-ai-ui-message-stream"], "v1");
    assert.match(String(read.headers["content-type"]), /^text\/event-stream/);
    assert.equal(read.headers["cache-control"], "no-cache, no-transform");
    assert.equal(read.headers["x-accel-buffering"], "no");
    assert.ok(read.isDone);
    assert.deepEqual(
      read.events.map((event) => event.seq),
      read.events.map((_, index) => index + 1),
    );
    assert.deepEqual(
      read.events.map((event) => event.part.type),
      [
        "start",
        "data-title",
        "start-step",
        "data-node",
        "data-node",
        "data-node",
        "text-start",
        "text-delta",
        "text-delta",
        "text-delta",
        "source-document",
        "data-citation",
        "data-node",
        "text-end",
        "data-citation",
        "finish-step",
        "finish",
      ],
    );
    const parts = read.events.map((event) => event.part) as Loose[];
    assert.equal(parts[0].messageMetadata.conversationId, "c1");
    assert.equal(parts[1].data.title, "How much leave do I have?");
    assert.deepEqual(parts[3], {
      type: "data-node",
      id: "search",
      data: { node: "search", kind: "index_lookup", tool: "index_lookup", status: "running" },
    });
    assert.equal(parts[4].data.status, "completed");
    assert.equal(parts[4].data.durationMs, 3);
    assert.equal(
      new Set(["text-start", "text-delta", "text-end"].map((type) => parts.find((p) => p.type === type).id)).size,
      1,
    );
    assert.deepEqual(parts[10], {
      type: "source-document",
      sourceId: "doc-1",
      mediaType: "application/pdf",
      title: "Handbook 1",
      filename: "handbook-1.pdf",
    });
    const { data } = parts[11];
    assert.equal(parts[11].id, "citation-1");
    assert.equal(data.n, 1);
    assert.equal(data.passageId, "doc-1#0");
    assert.equal(data.page, 1);
    assert.equal(data.source, "documents/handbook-1.pdf");
    assert.deepEqual(data.spans, [{ start: 0, end: 30 }]);
    assert.deepEqual(parts[14].data.checks, [
      {
        rule: "rule-based: words, figures, units, dates, negation",
        sentence: "You have 30 days of leave.",
        supported: true,
        overlap: 1,
        start: 0,
        end: 30,
      },
    ]);
    assert.deepEqual(parts.at(-1), {
      type: "finish",
      messageMetadata: { usage: { promptTokens: 7, completionTokens: 5, totalTokens: 12 }, durationMs: 40 },
    });
    assert.ok(read.body.trimEnd().endsWith("data: [DONE]"));
    assert.ok(!parts.some((part) => part.type === "data-citation" && part.data.n !== 1), "only what is cited");

    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(body.title, "How much leave do I have?");
    assert.equal(body.activeRun, undefined);
    assert.deepEqual(
      body.messages.map((message: Loose) => [message.role, message.status]),
      [
        ["user", "complete"],
        ["assistant", "complete"],
      ],
    );
    assert.equal(textOf(body.messages[1]), "You have 30 days of leave [1].");
    assert.deepEqual([body.messages[0].durationMs, body.messages[1].durationMs], [undefined, 40]);
    assert.deepEqual(
      body.messages[1].parts.map((part: Loose) => part.type),
      ["data-node", "data-node", "source-document", "text", "data-citation"],
    );
    assert.equal(body.messages[1].id, parts[0].messageId);
    assert.equal(new Date(body.createdAt).toISOString(), body.createdAt);
    const source = await server.call("GET", `/api/sources/${parts[0].messageId}/1`);
    assert.deepEqual(source.body, { citation: parts[14].data, before: ["before"], after: ["after"] });
    assert.equal((await server.call("GET", `/api/sources/${parts[0].messageId}/2`)).status, 404);
  });

  it("saves the question before anything is called, even when the flow cannot be reached", async () => {
    const server = await serve(() => answering([]));
    server.target.describe = async () => {
      const { body } = await server.call("GET", "/api/conversations/c1");
      assert.equal(textOf(body.messages[0]), "Are you there?");
      throw new FlowsteadError("InstanceUnavailable", "No instance of the flow is ready");
    };
    const read = await server.ask("c1", "Are you there?");
    const error = read.events.at(-1)?.part as Loose;
    assert.equal(error.type, "error");
    assert.match(error.errorText, /^No instance of the flow is ready\. Wait for an instance/);
    assert.ok(read.isDone);
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(body.messages[1].status, "error");
    assert.equal(body.messages[1].error, error.errorText);
  });

  it("gives the flow the history of the branch, under the flow's own names", async () => {
    const server = await serve((call) => answering([`echo ${pyStr(call.inputs.question)}`]));
    await server.ask("c1", "one");
    await server.ask("c1", "two");
    await server.ask("c1", "three");
    assert.deepEqual(server.target.calls[0]?.inputs, { question: "one", chat_history: [] });
    assert.deepEqual(server.target.calls[2]?.inputs, {
      question: "three",
      chat_history: [
        { inputs: { question: "one" }, outputs: { answer: "echo one" } },
        { inputs: { question: "two" }, outputs: { answer: "echo two" } },
      ],
    });
    const titles = (await server.call("GET", "/api/conversations")).body.items;
    assert.deepEqual(
      titles.map((item: Loose) => item.title),
      ["One"],
    );
  });

  it("keeps only so much history, and shows an answer that is not streamed", async () => {
    const signature = {
      ...CHAT_SIGNATURE,
      inputs: CHAT_SIGNATURE.inputs.map((input) => ({ ...input, name: input.isChatInput ? "query" : input.name })),
      outputs: [{ name: "reply", type: "string", isChatOutput: true, evaluationOnly: false, streamed: false }],
    };
    const target = scriptedTarget(async function* () {
      yield on.output("reply", "plain answer");
      yield on.end({ reply: "plain answer" });
    }, signature);
    const server = await chatServer(target, { chatOptions: { historyExchanges: 1 } });
    open.push(server);
    for (const text of ["a", "b", "c"]) assert.equal((await server.ask("c1", text)).text, "plain answer");
    assert.deepEqual(target.calls[2]?.inputs, {
      query: "c",
      chat_history: [{ inputs: { query: "b" }, outputs: { reply: "plain answer" } }],
    });
  });

  it("serves two readers, and one that comes back, without a lost or doubled character", async () => {
    const step = gate();
    const server = await serve(async function* () {
      yield* (async function* (): AsyncIterable<FlowEvent> {
        for (const word of words(200)) yield on.text(word);
        await step.opened;
        for (const word of words(300)) yield on.text(word);
      })();
      yield on.end({});
    });
    const whole = words(200).join("") + words(300).join("");
    const first = await server.open("/api/chat", question("c1", "tell me"));
    await first.when((read) => read.text.endsWith("word199 "));
    const second = await server.open("/api/chat/c1/stream");
    await second.when((read) => read.events.length > 50);
    const seenBefore = [...second.seen.events];
    second.cut();
    const at = seenBefore.at(-1)?.seq ?? 0;
    const third = await server.open(`/api/chat/c1/stream?after=${at}`);
    const fourth = await server.open("/api/chat/c1/stream", undefined, { "last-event-id": String(at) });
    step.open();
    const [one, three, four] = await Promise.all([first.done, third.done, fourth.done]);
    assert.equal(hash(one.text), hash(whole));
    const joined = [...seenBefore, ...three.events];
    assert.deepEqual(joined, one.events);
    assert.deepEqual(four.events, three.events);
    assert.ok(one.isDone && three.isDone);
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(hash(textOf(body.messages[1])), hash(whole));
  });

  it("gives a page that loads in mid-answer the text so far and the number to go on from", async () => {
    const step = gate();
    const server = await serve(async function* () {
      yield on.start("answer");
      for (const word of words(50)) yield on.text(word);
      await step.opened;
      for (const word of words(50)) yield on.text(word);
      yield on.end({});
    });
    const first = await server.open("/api/chat", question("c1", "tell me"));
    await first.when((read) => read.text.endsWith("word49 "));
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(body.messages[1].status, "running");
    assert.equal(body.messages[1].parts[0].data.status, "running");
    const rest = await server.open(`/api/chat/c1/stream?after=${body.activeRun.seq}`);
    step.open();
    const read = await rest.done;
    assert.equal(textOf(body.messages[1]) + read.text, words(50).join("").repeat(2));
    assert.equal((await server.open("/api/chat/c1/stream")).seen.status, 204);
  });

  it("goes on when every reader has gone", async () => {
    const step = gate();
    const server = await serve(async function* () {
      yield on.text("first ");
      await step.opened;
      yield on.text("second");
      yield on.end({});
    });
    const reader = await server.open("/api/chat", question("c1", "tell me"));
    await reader.when((read) => read.text !== "");
    reader.cut();
    await reader.done;
    step.open();
    const polled = await server.call("GET", "/api/chat/c1/events?after=0&wait=20");
    assert.ok(polled.body.events.length > 0);
    await settled(server, "c1");
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(textOf(body.messages[1]), "first second");
    assert.equal(body.messages[1].status, "complete");
    assert.deepEqual(server.target.aborted, []);
  });

  it("stops the target, keeps what was shown, and lets the next question in at once", async () => {
    const state = { woke: 0, closed: 0 };
    const server = await serve(async function* (_call, _signal, nth) {
      try {
        yield on.start("answer");
        yield on.text("shown ");
        // A target that does not notice the signal.
        if (nth === 0) await new Promise((resolve) => setTimeout(resolve, 2_000));
        state.woke++;
        yield on.text("never shown");
        yield on.end({});
      } finally {
        state.closed++;
      }
    });
    const reader = await server.open("/api/chat", question("c1", "tell me"));
    await reader.when((read) => read.text !== "");
    const stop = await server.call("POST", "/api/chat/c1/stop", {});
    assert.equal(state.woke, 0, "a stop does not wait for the target");
    assert.deepEqual([stop.status, stop.body], [202, { stopped: true }]);
    assert.deepEqual(server.target.aborted, [0]);
    const read = await reader.done;
    assert.equal(read.events.at(-1)?.part.type, "abort");
    assert.ok(read.isDone);
    assert.equal(read.text, "shown ");
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(body.messages[1].status, "stopped");
    assert.equal(textOf(body.messages[1]), "shown ");
    assert.equal(body.messages[1].parts[0].data.status, "canceled");
    assert.deepEqual((await server.call("POST", "/api/chat/c1/stop", {})).body, { stopped: false });
    await server.ask("c1", "again");
    assert.deepEqual(server.target.calls[1]?.inputs.chat_history, [
      { inputs: { question: "tell me" }, outputs: { answer: "shown " } },
    ]);
    while (state.closed < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it("answers one question of a conversation at a time, and many conversations at once", async () => {
    const step = gate();
    const server = await serve(async function* (call) {
      await step.opened;
      yield* answering([`answer to ${pyStr(call.inputs.question)}`]);
    });
    const [a, b] = await Promise.all([
      server.open("/api/chat", question("same", "one")),
      server.open("/api/chat", question("same", "two")),
    ]);
    assert.deepEqual(
      [a.seen.status, b.seen.status].sort((x, y) => x - y),
      [200, 409],
    );
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, index) => server.open("/api/chat", question(`c${index}`, `q${index}`))),
    );
    step.open();
    const reads = await Promise.all(others.map((other) => other.done));
    assert.deepEqual(
      reads.map((read) => read.text),
      reads.map((_, index) => `answer to q${index}`),
    );
    const winner = await (a.seen.status === 200 ? a : b).done;
    assert.match(winner.text, /^answer to (one|two)$/);
    const { body } = await server.call("GET", "/api/conversations/same");
    assert.equal(body.messages.length, 2);
    const list = await server.call("GET", "/api/conversations?limit=100");
    assert.equal(list.body.items.length, 21);
  });

  it("drops on a restart what the attempt had shown", async () => {
    const server = await serve(async function* () {
      yield on.start("search");
      yield on.output("documents", [passage(1, "The first attempt's passage, which must not be cited.")]);
      yield { type: "restart", reason: "instance 2 was lost" };
      yield on.output("documents", [passage(2, "The second attempt's passage is the one.")]);
      yield on.text("The second attempt's passage is the one [1].");
      yield on.end({});
    });
    const read = await server.ask("c1", "tell me");
    const restart = read.events.find((event) => event.part.type === "data-restart")?.part as Loose;
    assert.equal(restart.data.reason, "instance 2 was lost");
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.deepEqual(
      body.messages[1].parts.map((part: Loose) => part.type),
      ["source-document", "text", "data-citation"],
    );
    assert.equal(body.messages[1].parts[2].data.documentId, "doc-2");
  });

  it("answers again and edits as branches, and goes from one to the other", async () => {
    const server = await serve((call, _signal, nth) => answering([`answer ${nth} to ${pyStr(call.inputs.question)}`]));
    await server.ask("c1", "first");
    await server.ask("c1", "second");
    const before = (await server.call("GET", "/api/conversations/c1")).body.messages;
    const again = await server.ask("c1", "", { trigger: "regenerate-message", messageId: before[3].id });
    assert.equal(again.text, "answer 2 to second");
    const after = (await server.call("GET", "/api/conversations/c1")).body.messages;
    assert.equal(after.length, 4);
    assert.equal(after[2].id, before[2].id, "the question is the same one");
    assert.deepEqual(after[3].siblings, { index: 1, count: 2, ids: [before[3].id, after[3].id] });
    assert.deepEqual(server.target.calls[2]?.inputs, server.target.calls[1]?.inputs);

    await server.ask("c1", "first, edited", { messageId: before[0].id });
    const edited = (await server.call("GET", "/api/conversations/c1")).body.messages;
    assert.deepEqual(edited.map(textOf), ["first, edited", "answer 3 to first, edited"]);
    assert.deepEqual(edited[0].siblings.index, 1);
    assert.deepEqual(server.target.calls[3]?.inputs.chat_history, []);

    await server.call("PATCH", "/api/conversations/c1", { activeMessageId: before[0].id });
    const back = (await server.call("GET", "/api/conversations/c1")).body.messages;
    assert.deepEqual(
      back.map((message: Loose) => message.id),
      after.map((message: Loose) => message.id),
    );
    assert.equal((await server.ask("c1", "", { trigger: "regenerate-message", messageId: "nobody" })).status, 404);
    assert.equal((await server.ask("new", "", { trigger: "regenerate-message" })).status, 404);
  });

  it("takes a question that is sent twice for one", async () => {
    const server = await serve((_call, _signal, nth) =>
      nth === 0
        ? (async function* (): AsyncIterable<FlowEvent> {
            const error = new FlowsteadError("InstanceLost", "The instance ended").toBody();
            yield { type: "error", time: 1, error };
          })()
        : answering(["now it works"]),
    );
    await server.ask("c1", "hello");
    await server.ask("c1", "hello");
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.deepEqual(body.messages.map(textOf), ["hello", "now it works"]);
    assert.equal(body.messages[1].siblings.count, 2);
  });

  it("says plainly what failed and what to do, and shows no stack", async () => {
    const errors = [
      new FlowsteadError("TooManyRequests", "The model takes no more calls", { retryAfterMs: 3_200 }),
      new FlowsteadError(
        "Unexpected",
        "Cannot read properties of undefined (reading 'x')\n    at secret (/srv/app.js:3:4)",
      ),
      new FlowsteadError("RequestTimeout", "The flow took longer than 100 ms\n    at x (/srv/app.js:1:1)"),
    ];
    const server = await serve(async function* (_call, _signal, nth) {
      yield on.text("partly ");
      yield { type: "error", time: 1, error: (errors[nth] as FlowsteadError).toBody() };
    });
    const texts: string[] = [];
    for (let i = 0; i < errors.length; i++) {
      const read = await server.ask(`c${i}`, "q");
      assert.deepEqual(
        read.events.slice(-3).map((event) => event.part.type),
        ["text-end", "finish-step", "error"],
      );
      texts.push(lastError(read));
      const { body } = await server.call("GET", `/api/conversations/c${i}`);
      assert.equal(textOf(body.messages[1]), "partly ", "what was shown stays");
    }
    assert.equal(texts[0], "The model takes no more calls. Try again in 4 s.");
    assert.match(texts[1] ?? "", /^Something failed that should not\. Ask again; .* \(run [0-9a-f-]{36}\)\.$/);
    assert.equal(texts[2], "The flow took longer than 100 ms. Raise request_timeout_ms or make the flow faster.");
  });

  it("tells the author when the flow is not a chat", async () => {
    const target = scriptedTarget(() => answering([]), { name: "sums", inputs: [], outputs: [] });
    const server = await chatServer(target);
    open.push(server);
    const read = await server.ask("c1", "hello");
    assert.match(lastError(read), /"sums".*is_chat_input: true/);
    assert.equal(target.calls.length, 0);
  });

  it("takes a target that throws, or just ends, for a failure", async () => {
    const server = await serve(async function* (_call, _signal, nth) {
      yield on.text("a");
      if (nth === 0) throw new Error("broken port");
    });
    for (const id of ["c0", "c1"]) {
      assert.equal((await server.ask(id, "q")).events.at(-1)?.part.type, "error");
    }
  });

  it("carries a large answer whole, with every kind of character", async () => {
    const piece = 'line 漢字 👩‍👩‍👧 \u2028 "quoted" \\ \u0000 end\n';
    const pieces = Array.from({ length: 20_000 }, (_, index) => `${index} ${piece}`);
    const whole = pieces.join("").replaceAll("\0", "\u{FFFD}");
    const server = await serve(() => answering(pieces));
    const read = await server.ask("c1", "tell me everything");
    assert.equal(hash(read.text), hash(whole));
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(hash(textOf(body.messages[1])), hash(whole));
    let polled = "";
    for (let after = 0, done = false; !done;) {
      const slice = (await server.call("GET", `/api/chat/c1/events?after=${after}`)).body;
      for (const event of slice.events) if (event.part.type === "text-delta") polled += event.part.delta;
      after = slice.events.at(-1)?.seq ?? after;
      done = slice.done;
    }
    assert.equal(hash(polled), hash(whole));
  });

  it("is not held up by a client that never reads, and cuts it off", async () => {
    const pieces = Array.from({ length: 1_200 }, () => "x".repeat(12_000));
    const server = await serve(() => answering(pieces), { times: { stallMs: 300 } });
    const stuck = await server.open("/api/chat", question("c1", "flood"));
    stuck.response.pause();
    stuck.response.socket.pause();
    await settled(server, "c1");
    const { body } = await server.call("GET", "/api/conversations/c1");
    assert.equal(textOf(body.messages[1]).length, 14_400_000);
    assert.equal(body.messages[1].status, "complete");
    await new Promise((resolve) => setTimeout(resolve, 400));
    stuck.response.socket.resume();
    stuck.response.resume();
    assert.equal((await stuck.done).isDone, false);
  });

  it("polls for proxies that hold streams back", async () => {
    const step = gate();
    const server = await serve(async function* () {
      yield on.text("one ");
      await step.opened;
      yield on.text("two");
      yield on.end({});
    });
    const reader = await server.open("/api/chat", question("c1", "q"));
    await reader.when((read) => read.text !== "");
    const first = (await server.call("GET", "/api/chat/c1/events?after=0&wait=5")).body;
    assert.equal(first.done, false);
    const at = first.events.at(-1).seq;
    const empty = (await server.call("GET", `/api/chat/c1/events?after=${at}&wait=0.05`)).body;
    assert.deepEqual(empty, { events: [], done: false });
    const waiting = server.call("GET", `/api/chat/c1/events?after=${at}&wait=20`);
    step.open();
    let { events, done } = (await waiting).body;
    while (!done) {
      const slice = (await server.call("GET", `/api/chat/c1/events?after=${events.at(-1).seq}`)).body;
      events = [...events, ...slice.events];
      done = slice.done;
    }
    const read = await reader.done;
    assert.deepEqual([...first.events, ...events], read.events);
  });

  it("sends a comment now and then so that the line stays open", async () => {
    const step = gate();
    const server = await serve(
      async function* () {
        await step.opened;
        yield on.end({ answer: "x" });
      },
      { times: { heartbeatMs: 20 } },
    );
    const reader = await server.open("/api/chat", question("c1", "q"));
    await reader.when((read) => read.body.split("\n: ").length > 2);
    step.open();
    assert.ok((await reader.done).isDone);
  });
});

function lastError(read: StreamRead): string {
  const part = read.events.at(-1)?.part;
  return part?.type === "error" ? part.errorText : "no error";
}

/** Waits until nothing runs in a conversation. */
async function settled(server: ChatServer, id: string): Promise<void> {
  for (let after = 0; ;) {
    const { events, done } = (await server.call("GET", `/api/chat/${id}/events?after=${after}&wait=20`)).body;
    if (done) break;
    after = events.at(-1)?.seq ?? after;
  }
  while ((await server.call("GET", `/api/conversations/${id}`)).body.activeRun)
    await new Promise((r) => setTimeout(r, 5));
}
