import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChatMessage, awaitedAnswer, fromStored, reduce, settled } from "../../web/shared/conversation/message.ts";
import { highlighted } from "../../web/shared/format/highlight.ts";
import { stepWords } from "../../web/shared/format/step.ts";
import { dayGroup, duration } from "../../web/shared/format/time.ts";
import type { StoredPart, StreamPart } from "../../web/shared/wire/contract.ts";
import { CITATIONS, nodePart } from "./script.ts";

const told = (parts: StreamPart[], from: ChatMessage = awaitedAnswer("local")): ChatMessage =>
  parts.reduce(reduce, from);

test("the server's id, steps, sources and text make the message", () => {
  const [citation] = CITATIONS;
  assert.ok(citation);
  const message = told([
    { type: "start", messageId: "m1" },
    nodePart("lookup", "python", "search", "running"),
    nodePart("lookup", "python", "search", "completed", 12),
    { type: "data-citation", id: "citation-1", data: citation },
    { type: "data-citation", id: "citation-1", data: citation },
    { type: "text-start", id: "t1" },
    { type: "text-delta", id: "t1", delta: "Hel" },
    { type: "text-delta", id: "t1", delta: "lo" },
    { type: "finish", messageMetadata: { durationMs: 40 } },
  ]);
  assert.equal(message.id, "m1");
  assert.equal(message.text, "Hello");
  assert.deepEqual(message.nodes, [
    { node: "lookup", kind: "python", tool: "search", status: "completed", durationMs: 12 },
  ]);
  assert.deepEqual(message.citations, [citation]);
  assert.deepEqual([message.status, message.durationMs], ["complete", 40]);
  assert.equal(fromStored({ id: "m1", role: "assistant", parts: [], durationMs: 40 }).durationMs, 40);
});

test("an error or a stop is not overwritten by the finish that follows", () => {
  const end: StreamPart = { type: "finish" };
  assert.equal(told([{ type: "error", errorText: "no" }, end]).status, "error");
  assert.equal(told([{ type: "abort" }, end]).status, "stopped");
});

test("no step keeps running in an answer that has ended", () => {
  const message = told([nodePart("answer", "llm", "llm", "running"), { type: "abort" }]);
  assert.deepEqual(
    message.nodes.map(({ status }) => status),
    ["canceled"],
  );
  assert.equal(settled(message), message);
});

test("a stored half of an answer goes on with the next delta, whatever its part is called", () => {
  const parts: StoredPart[] = [{ type: "text", text: "Hal" }];
  const stored = fromStored({ id: "m1", role: "assistant", status: "running", parts });
  const message = told([{ type: "text-delta", id: "t9", delta: "f" }], stored);
  assert.equal(message.text, "Half");
  assert.equal(told([{ type: "text-delta", id: "t10", delta: "New" }], message).text, "Half\n\nNew");
});

test("marks cover the spans: joined where they overlap, cut off where they leave the text", () => {
  const pieces = highlighted("0123456789", [
    { start: 4, end: 6 },
    { start: 2, end: 5 },
    { start: 8, end: 99 },
    { start: 50, end: 60 },
  ]);
  assert.deepEqual(
    pieces.map(({ text, marked }) => (marked ? `<${text}>` : text)),
    ["01", "<2345>", "67", "<89>"],
  );
  assert.deepEqual(highlighted("", [{ start: 0, end: 3 }]), []);
});

test("steps have a reader's words", () => {
  const doing = (node: string, kind: string, tool: string): string => stepWords({ node, kind, tool }).doing;
  assert.equal(
    doing("lookup", "python", "promptflow_vectordb.tool.common_index_lookup.search"),
    "Searching the documents",
  );
  assert.equal(doing("answer", "llm", ""), "Writing the answer");
  assert.equal(doing("rewrite_question", "llm", ""), "Reading the question");
  assert.equal(doing("answer_prompt", "prompt", ""), "Preparing");
  assert.equal(doing("format_sources", "python", "format_sources.py"), "Format sources");
});

test("times are said shortly", () => {
  assert.deepEqual(
    [duration(0.2), duration(80), duration(1_440), duration(125_000)],
    ["1 ms", "80 ms", "1.4 s", "2 min 5 s"],
  );
  const now = new Date(2026, 10, 22, 9);
  const group = (...at: [number, number, number, number]): string => dayGroup(new Date(...at).getTime(), now);
  assert.equal(group(2026, 10, 22, 0), "Today");
  assert.equal(group(2026, 10, 21, 23), "Yesterday");
  assert.equal(group(2026, 10, 17, 12), "Last 7 days");
  assert.equal(group(2026, 9, 3, 12), "October");
  assert.equal(group(2025, 9, 3, 12), "October 2025");
});
