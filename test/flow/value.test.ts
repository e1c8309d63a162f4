import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { Float, type Value, pyRepr } from "../../src/base/value.ts";
import { JsonDecodeError, decodeJson } from "../../src/flow/decode-json.ts";
import { resolveInputs } from "../../src/flow/input.ts";
import { formatAssignment, parseAssignment, propertyPath, readProperty } from "../../src/flow/reference.ts";
import { parseTyped } from "../../src/flow/value.ts";

test("values are converted as Python converts them", () => {
  const cases: [string, Value, Value][] = [
    ["int", " 7 ", 7],
    ["int", "1_000", 1000],
    ["int", "-12345678901234567890", -12345678901234567890n],
    ["int", 3.9, 3],
    ["int", new Float(1e20), 100000000000000000000n],
    ["int", true, 1],
    ["double", "1e3", new Float(1000)],
    ["double", " .5 ", 0.5],
    ["double", "-inf", -Infinity],
    ["double", 3, new Float(3)],
    ["bool", "TRUE", true],
    ["string", new Float(1), "1.0"],
    ["string", { a: null, b: true }, "{'a': None, 'b': True}"],
    ["list", "[1, 1.0]", [1, new Float(1)]],
    ["object", '{"a": 1.0}', { a: new Float(1) }],
    ["object", "plain", "plain"],
    ["image", "logo.png", "logo.png"],
  ];
  for (const [type, given, expected] of cases)
    assert.deepEqual(parseTyped(type, given), expected, `${type} ${pyRepr(given)}`);
  const wrong: [string, Value][] = [
    ["int", "3.9"],
    ["int", ""],
    ["int", null],
    ["int", Number.NaN],
    ["int", "1__0"],
    ["double", "."],
    ["double", "e5"],
    ["double", null],
    ["bool", 1],
    ["list", "{}"],
    ["list", 5],
  ];
  for (const [type, given] of wrong)
    assert.throws(() => parseTyped(type, given), { name: "ValueError" }, `${type} ${pyRepr(given)}`);
});

test("broken JSON is described as Python describes it", () => {
  const cases: [string, string][] = [
    ["", "Expecting value: line 1 column 1 (char 0)"],
    ["['a']", "Expecting value: line 1 column 2 (char 1)"],
    ["[1,]", "Expecting value: line 1 column 4 (char 3)"],
    ["[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"],
    ["{a: 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
    ['["a', "Unterminated string starting at: line 1 column 2 (char 1)"],
    ["[1]\n x", "Extra data: line 2 column 2 (char 5)"],
    ['["\\x"]', "Invalid \\escape: line 1 column 3 (char 2)"],
    ['["a\nb"]', "Invalid control character at: line 1 column 4 (char 3)"],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => decodeJson(text),
      (error) => error instanceof JsonDecodeError && error.message === message,
      text,
    );
  }
});

test("inputs: defaults, types and complaints", () => {
  const input = { isChatInput: false };
  const definitions = [
    { name: "a", type: "int", default: "5", ...input },
    { name: "b", type: "string", default: "", ...input },
    { name: "c", type: "list", default: null, ...input },
  ];
  assert.deepEqual(resolveInputs(definitions, { c: "[]", extra: 1 }), { a: 5, b: "", c: [] });
  const fails = (given: Record<string, Value>, code: string, message: RegExp, line?: number): void => {
    assert.throws(
      () => resolveInputs(definitions, given, line),
      (error) => error instanceof FlowsteadError && error.code === code && message.test(error.message),
    );
  };
  fails({}, "InputNotFound", /'c' is not provided in input data\./);
  fails({}, "InputNotFound", /'c' is not provided in line 3 of input data\./, 3);
  fails({ c: [], a: "x" }, "InputTypeError", /'a' does not match the expected type 'int'/);
  fails(
    { c: "['x']" },
    "InputParseError",
    /'c' was interpreted as JSON string since its type is 'list'\. However, the value '\['x'\]'/,
  );
  fails({ c: [], a: "x" }, "InputTypeError", /'a' in line 0 of input data does not match/, 0);
});

test("a value is a reference as a whole or not at all", () => {
  const node = (name: string, section = "output", property = ""): unknown => ({
    kind: "node",
    node: name,
    section,
    property,
  });
  assert.deepEqual(parseAssignment("${inputs.a.b}"), { kind: "input", name: "a.b" });
  assert.deepEqual(parseAssignment("${flow.a}"), { kind: "input", name: "a" });
  assert.deepEqual(parseAssignment("${n}"), node("n"));
  assert.deepEqual(parseAssignment("${n.output.a.b['c'][1]}"), node("n", "output", "a.b['c'][1]"));
  assert.deepEqual(parseAssignment("${ n.output }"), node(" n", "output "));
  for (const text of ["pre ${n.output}", "$n.output", "${n.output", "$", "${"]) {
    assert.deepEqual(parseAssignment(text), { kind: "literal", value: text });
  }
  for (const text of ["${inputs.a}", "${n.output}", "${n.output.a[0]}", "text", 5]) {
    assert.equal(formatAssignment(parseAssignment(text)), text);
  }
});

test("properties are read step by step", () => {
  assert.deepEqual(propertyPath("a.b['c d'][12]"), ["a", "b", "c d", 12]);
  assert.deepEqual(propertyPath('["a"]["b"]'), ["a", "b"]);
  assert.deepEqual(propertyPath("v-x"), ["v", "x"]);
  const value = { a: { b: { "c d": [10, 20] } }, "7": "seven", text: "abc" };
  assert.equal(readProperty(value, "a.b['c d'][1]", "n"), 20);
  assert.equal(readProperty(value, "7", "n"), "seven");
  assert.equal(readProperty(value, "text[1]", "n"), "b");
  for (const property of ["zz", "a.b['c d'][2]", "a[0]", "text.length", "toString", "__proto__"]) {
    assert.throws(() => readProperty(value, property, "n"), { code: "InvalidReferenceProperty" }, property);
  }
});
