import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SseParser } from "../../src/base/sse.ts";
import type { Logged, RunEvent } from "../../src/chat/event.ts";
import { ContentFold, allParts } from "../../src/chat/message-content.ts";
import { type UiPart, uiFrame } from "../../src/chat/ui-stream.ts";

const step = (node: string, status: "running" | "completed"): RunEvent => ({
  type: "node",
  step: { node, kind: "llm", tool: "llm", status },
});
const citation = (n: number, spans: { start: number; end: number }[]): RunEvent => ({
  type: "citation",
  citation: { n, passageId: `p${n}`, documentId: "d", title: "T", headings: [], text: "passage", spans },
});
const LOG: RunEvent[] = [
  { type: "start", runId: "r", conversationId: "c", messageId: "m", questionId: "q" },
  { type: "step-start" },
  step("old", "running"),
  { type: "restart", reason: "lost" },
  step("search", "running"),
  step("search", "completed"),
  step("answer", "running"),
  { type: "text-start" },
  { type: "text-delta", text: "line\nbreak, \u2028, \ud83d" },
  { type: "text-delta", text: "\ude00 and\r\n\r\ndata: [DONE]\n\n" },
  { type: "source", document: { documentId: "d", mediaType: "text/plain", title: "T" } },
  citation(2, []),
  citation(1, []),
  citation(2, [{ start: 0, end: 3 }]),
  { type: "text-end" },
  { type: "step-end" },
  { type: "stop" },
];
const logged: Logged[] = LOG.map((event, index) => ({ seq: index + 1, event }));
const TEXT = "line\nbreak, \u2028, 😀 and\r\n\r\ndata: [DONE]\n\n";

describe("the run log", () => {
  it("adds up to the message: the latest of each step and citation, nothing from before a restart", () => {
    const fold = new ContentFold();
    for (const each of logged) fold.push(each);
    const content = fold.content();
    assert.equal(content.text, TEXT);
    const parts = allParts(content);
    assert.deepEqual(
      parts.map((part) => part.type),
      ["data-node", "data-node", "source-document", "text", "data-citation", "data-citation"],
    );
    const nodes = parts.flatMap((part) => (part.type === "data-node" ? [[part.id, part.data.status]] : []));
    assert.deepEqual(nodes, [
      ["search", "completed"],
      ["answer", "canceled"],
    ]);
    const cited = parts.flatMap((part) =>
      part.type === "data-citation" ? [[part.data.n, part.data.spans.length]] : [],
    );
    assert.deepEqual(cited, [
      [1, 0],
      [2, 1],
    ]);
  });

  it("adds up to the same whether it is looked at on the way or not, and after a trip through JSON", () => {
    const once = new ContentFold();
    const often = new ContentFold();
    for (const each of logged) {
      once.push(each);
      often.push(JSON.parse(JSON.stringify(each)) as Logged);
      often.content();
    }
    assert.deepEqual(once.content(), often.content());
    assert.equal(once.seq, LOG.length);
  });

  it("is one part and one number per event on the wire, and keeps every character however it is cut", () => {
    const bytes = Buffer.from(logged.map(uiFrame).join(""));
    for (const size of [1, 7, 64, bytes.length]) {
      const parser = new SseParser();
      const messages = [];
      for (let at = 0; at < bytes.length; at += size) messages.push(...parser.push(bytes.subarray(at, at + size)));
      assert.deepEqual(
        messages.map((message) => Number(message.id)),
        logged.map((each) => each.seq),
      );
      const parts = messages.map((message) => JSON.parse(message.data) as UiPart);
      assert.equal(parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join(""), TEXT);
    }
  });
});
