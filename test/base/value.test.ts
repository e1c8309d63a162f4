import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson, plain, stringifyJson } from "../../src/base/json.ts";
import { Float, pyEquals, pyRepr, pyStr, truthy } from "../../src/base/value.ts";

test("values print as Python prints them", () => {
  const cases: [unknown, string][] = [
    [null, "None"],
    [true, "True"],
    [1, "1"],
    [new Float(1), "1.0"],
    [0.1, "0.1"],
    [new Float(-0), "-0.0"],
    [new Float(1e16), "1e+16"],
    [1e-7, "1e-07"],
    [12345678901234567890n, "12345678901234567890"],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [["a", null, new Float(2)], "['a', None, 2.0]"],
    [{ a: null, "b'c": true }, `{'a': None, "b'c": True}`],
    ['it\'s "x"\n\u0000é\u200b', `'it\\'s "x"\\n\\x00é\\u200b'`],
  ];
  for (const [value, expected] of cases) assert.equal(pyRepr(value), expected);
  assert.equal(pyStr("plain"), "plain");
});

test("equality and truth are Python's", () => {
  assert.ok(pyEquals(1, true));
  assert.ok(pyEquals(new Float(1), 1));
  assert.ok(pyEquals([1, { a: new Float(2) }], [1, { a: 2 }]));
  assert.ok(!pyEquals("true", true));
  assert.ok(!pyEquals({ a: 1 }, { a: 1, b: 2 }));
  for (const empty of [null, 0, new Float(0), "", [], {}, false, 0n]) assert.equal(truthy(empty), false);
  for (const full of [1, "0", [0], { a: 0 }, true]) assert.equal(truthy(full), true);
});

test("JSON keeps what JavaScript numbers lose", () => {
  for (const text of ["1.0", "1", "12345678901234567890", "[1.0,1]", "-0.0", '{"a":-0.5}', "1e+16"]) {
    assert.equal(stringifyJson(parseJson(text)), text);
  }
  assert.ok(parseJson("1.0") instanceof Float);
  assert.ok(Number.isNaN(parseJson("NaN")));
  assert.equal(stringifyJson({ a: [Number.NaN, Number.POSITIVE_INFINITY] }), '{"a":[NaN,Infinity]}');
  assert.deepEqual(plain({ a: new Float(3), b: [5n] }), { a: 3, b: [5] });
  assert.equal(stringifyJson({ a: [new Float(1)], b: {} }, 2), '{\n  "a": [\n    1.0\n  ],\n  "b": {}\n}');
});

test("keys of digits keep their order, also when the map changes, and threads can be handed the plain data", () => {
  const text = '{"10":1,"2":{"b":1,"7":[{"5":"2","3":2}]},"a":3,"1":"x"}';
  const value = parseJson(text) as Record<string, unknown>;
  assert.equal(stringifyJson(value), text);
  assert.equal(pyRepr(value), "{'10': 1, '2': {'b': 1, '7': [{'5': '2', '3': 2}]}, 'a': 3, '1': 'x'}");
  assert.deepEqual(structuredClone(plain(value)), JSON.parse(text));
  delete value["2"];
  value["0"] = null;
  assert.equal(JSON.stringify(value), '{"10":1,"a":3,"1":"x","0":null}');
});

test("a number inside a string does not change the string", () => {
  assert.deepEqual(parseJson('{"a":"1.0 and NaN \\u00e9"}'), { a: "1.0 and NaN é" });
});

test("only what a string holds is left alone: quotation marks and backslashes in it do not end it, numbers behind it count", () => {
  for (const text of ['a "2020." b', "ends in \\", '\\"1.0', 'no end \\\\"', "3e4"]) {
    const json = `{"k1e":${JSON.stringify(text)},"x":[1.0,${JSON.stringify(text)},12345678901234567890]}`;
    assert.equal(stringifyJson(parseJson(json)), json);
    assert.deepEqual(parseJson(JSON.stringify({ text })), { text });
  }
  assert.throws(() => parseJson('{"a": "1.0'), { code: "InvalidJson" });
});

test("wrong JSON names the place", () => {
  assert.throws(() => parseJson('{\n  "a": 1,\n  b: 2}'), { code: "InvalidJson", message: /line 3, column 3/ });
  for (const text of ["", "{", "[1,]", '"a', "01", "1 2", "tru", `${"[".repeat(600)}`]) {
    assert.throws(() => parseJson(text), { code: "InvalidJson" });
  }
});

test("a key named __proto__ is a key", () => {
  const value = parseJson('{"__proto__": {"x": 1.0}}') as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal(({} as { x?: unknown }).x, undefined);
});
