// Changes to YAML files that people wrote: one value changes, everything else keeps its bytes.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { isMap, isScalar, parseDocument } from "yaml";
import { setInYaml } from "../../src/flow/document.ts";

const FLOW = `# A flow of mine
$schema: https://example.org/Flow.schema.json   # kept
inputs: &ins
  question: {type: string, default: 'it''s'}  # flow style
  n:
    type: int
    default: "2"
copy: *ins

nodes:
- name: ask      # the model
  type: llm
  text: |
    first
    second
  inputs:
    temperature: 0.0
# the end
`;

function changedLines(before: string, after: string): string[] {
  const kept = new Set(before.split("\n"));
  return after.split("\n").filter((line) => !kept.has(line));
}

test("a value is put in with its neighbours, comments, anchors and quotes untouched", () => {
  const changed = setInYaml(FLOW, ["nodes", 0, "name"], "answer");
  assert.equal(changed, FLOW.replace("name: ask      #", "name: answer      #"));
  assert.equal(setInYaml(FLOW, ["inputs", "n", "default"], "3"), FLOW.replace('"2"', '"3"'));
  assert.equal(setInYaml(FLOW, ["inputs", "question", "default"], "so"), FLOW.replace("'it''s'", "'so'"));
  assert.equal(setInYaml(FLOW, ["nodes", 0, "inputs", "temperature"], 1), FLOW.replace("0.0", "1"));
  assert.equal(setInYaml(FLOW, ["nodes", 0, "name"], "ask"), FLOW);
});

test("what is not there yet is added where it belongs", () => {
  const model = setInYaml(FLOW, ["nodes", 0, "inputs", "model"], "gpt: 4");
  assert.equal(model, FLOW.replace("temperature: 0.0\n", 'temperature: 0.0\n    model: "gpt: 4"\n'));
  assert.deepEqual(changedLines(FLOW, setInYaml(FLOW, ["environment", "image"], "x")), ["environment:", "  image: x"]);
  const inFlowStyle = setInYaml(FLOW, ["inputs", "question", "is_chat_input"], true);
  assert.equal(inFlowStyle, FLOW.replace("'it''s'}", `'it''s', "is_chat_input":true}`));
  assert.equal(setInYaml("", ["run", "output_path"], "out"), "run:\n  output_path: out\n");
  assert.equal(setInYaml("a: 1", ["b"], 2), "a: 1\nb: 2\n");
  assert.equal(setInYaml("run:\nother: 1\n", ["run", "output_path"], "out"), "run:\n  output_path: out\nother: 1\n");
});

test("line ends, the mark of Windows and the way a value is written stay as they are", () => {
  const windows = "\uFEFFa: 1 # x\r\nb:\r\n  c: 'q'\r\n  d: [1, 2] # y\r\n\r\n# end\r\n";
  assert.equal(setInYaml(windows, ["b", "e"], true), windows.replace("# y\r\n", "# y\r\n  e: true\r\n"));
  assert.equal(setInYaml(windows, ["f"], { g: 1 }), windows.replace("# y\r\n", "# y\r\nf:\r\n  g: 1\r\n"));
  for (const same of ['a: "\\u00e9"\n', "a: >-\n  folded\n  text\n\n# t\n", "a: |2\n    ind\n", "a: 0x1F\n"]) {
    assert.equal(setInYaml(same, ["a"], (parseDocument(same).toJS() as { a: unknown }).a), same);
  }
  assert.equal(setInYaml("a: |\r\n  one\r\nb: 1\r\n", ["a"], 5), "a: 5\r\nb: 1\r\n");
});

test("a value that its place does not take as it would be written is quoted", () => {
  assert.equal(setInYaml("a: [1, 2] # y\n", ["a", 0], "two\nlines"), 'a: ["two\\nlines", 2] # y\n');
  assert.equal(setInYaml("a: {b: 1}\n", ["a", "b"], "${c.d}"), 'a: {b: "${c.d}"}\n');
  assert.equal(setInYaml("a: 'q'", ["a"], "two\nlines"), 'a: "two\\nlines"');
});

test("what cannot be changed without harm is refused", () => {
  assert.throws(() => setInYaml("a: !!str x\n", ["a"], 5), { code: "UsageError", message: /change the file by hand/ });
  assert.throws(() => setInYaml("a: 1\n", ["a", "b"], 2), { code: "UsageError", message: /a is no map/ });
  assert.throws(() => setInYaml("a: [1\n", ["a"], 2), { code: "InvalidYaml" });
  assert.throws(() => setInYaml("a: [1]\n", ["a", 4], 2), { code: "UsageError" });
});

const upstream = process.env["FLOWSTEAD_UPSTREAM"];
const skip = upstream === undefined ? "FLOWSTEAD_UPSTREAM names no checkout of the original" : false;

test("in every YAML file of the original, a change and its undoing leave the file as it was", { skip }, () => {
  const wrong: string[] = [];
  let tried = 0;
  for (const file of yamlFiles(upstream ?? "")) {
    const text = readFileSync(file, "utf8");
    for (const [keys, value] of scalars(text).slice(0, 25)) {
      tried++;
      try {
        const changed = setInYaml(text, keys, "changed_x");
        const [before, after] = [text.split("\n"), changed.split("\n")];
        const others = after.filter((line, index) => line !== before[index]).length;
        if (before.length !== after.length || others !== 1) wrong.push(`${file}: ${keys.join(".")}: ${others} lines`);
        else if (setInYaml(changed, keys, value) !== text) wrong.push(`${file}: ${keys.join(".")}: not undone`);
      } catch (thrown) {
        wrong.push(`${file}: ${keys.join(".")}: ${(thrown as Error).message}`);
      }
    }
  }
  assert.deepEqual([wrong.slice(0, 20), tried > 1000], [[], true]);
});

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name) && !name.includes("node_modules"))
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

/** Texts of one line and in one manner of writing, with the keys that lead to them. */
function scalars(text: string): [string[], string][] {
  const document = parseDocument(text, { version: "1.2" });
  const found: [string[], string][] = [];
  if (document.errors.length > 0) return found;
  const walk = (node: unknown, keys: string[]): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        if (isScalar(key) && typeof key.value === "string" && key.value !== "<<") walk(value, [...keys, key.value]);
      }
    } else if (isScalar(node) && typeof node.value === "string" && node.range && isSimple(node, text))
      found.push([keys, node.value]);
  };
  walk(document.contents, []);
  return found;
}

function isSimple(
  node: { range?: [number, number, number] | null; anchor?: string; tag?: string },
  text: string,
): boolean {
  const written = text.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0);
  return (
    !written.includes("\n") &&
    !written.includes("\\") &&
    written.trim() !== "" &&
    node.anchor === undefined &&
    node.tag === undefined
  );
}
