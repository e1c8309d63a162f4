import assert from "node:assert/strict";
import { test } from "node:test";
import { AsyncQueue } from "../../src/base/queue.ts";
import { SseParser } from "../../src/base/sse.ts";
import { parseYaml } from "../../src/base/yaml.ts";
import { Float } from "../../src/base/value.ts";

test("SSE is read the same however the bytes are cut", () => {
  const text = ": hello\r\nid: 7\r\nevent: x\r\ndata: a\r\ndata: b é\r\n\r\ndata:c\n\nid\ndata\n\ndata: cut off";
  const bytes = Buffer.from(text);
  const expected = [{ event: "x", id: "7", data: "a\nb é" }, { data: "c" }, { id: "", data: "" }];
  for (const size of [1, 2, 3, 7, 1000]) {
    const parser = new SseParser();
    const messages = [];
    for (let at = 0; at < bytes.length; at += size) messages.push(...parser.push(bytes.subarray(at, at + size)));
    assert.deepEqual(messages, expected);
  }
});

test("a queue hands over in order, ends, fails, and tells when its reader leaves", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.push(2);
  setTimeout(() => {
    queue.push(3);
    queue.end();
    queue.push(4);
  }, 5);
  const seen: number[] = [];
  for await (const item of queue) seen.push(item);
  assert.deepEqual(seen, [1, 2, 3]);

  const failing = new AsyncQueue<number>();
  failing.push(1);
  failing.fail(new Error("broken"));
  const before: number[] = [];
  await assert.rejects(async () => {
    for await (const item of failing) before.push(item);
  }, /broken/);
  assert.deepEqual(before, [1]);

  let left = 0;
  const leaving = new AsyncQueue<number>(() => left++);
  leaving.push(1);
  for await (const _item of leaving) break;
  assert.equal(left, 1);
});

test("YAML is read as the original reads it", () => {
  const { value } = parseYaml("a: yes\nb: 1.0\nc: 1\nd: 2020-01-01\ne: 0o10\nf: .inf\ng: 12:30:00\nh: 1e3\ni: ~\n");
  assert.deepEqual(value, {
    a: "yes",
    b: new Float(1),
    c: 1,
    d: "2020-01-01",
    e: 8,
    f: Number.POSITIVE_INFINITY,
    g: "12:30:00",
    h: new Float(1000),
    i: null,
  });
});

test("wrong YAML names file and line", () => {
  assert.throws(() => parseYaml("a: 1\na: 2\n", "flow.dag.yaml"), {
    code: "InvalidYaml",
    message: /^flow\.dag\.yaml:2:1: /,
  });
  const { lineOf } = parseYaml("nodes:\n- name: a\n  type: llm\n- name: b\n");
  assert.equal(lineOf(["nodes", 1, "name"]), 4);
  assert.equal(lineOf(["nodes", 0, "missing"]), 2);
});
