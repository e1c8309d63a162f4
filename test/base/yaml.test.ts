import assert from "node:assert/strict";
import { test } from "node:test";
import { Float, pyRepr } from "../../src/base/value.ts";
import { parseYaml } from "../../src/base/yaml.ts";

test("plain words are the numbers and texts that the original's YAML library makes of them", () => {
  const expected: [string, unknown][] = [
    ["1_000", 1000],
    ["010", 10],
    ["-0x10", -16],
    ["0b11", 3],
    ["+0o7", 7],
    ["123456789012345678901234567890", 123456789012345678901234567890n],
    ["1_0.5", 10.5],
    ["1e3", new Float(1000)],
    [".5e+3", new Float(500)],
    [".5e3", ".5e3"],
    ["!!float 3", new Float(3)],
    ["_1", "_1"],
    ["1.2.3", "1.2.3"],
    ["yes", "yes"],
    ["2024-01-02", "2024-01-02"],
    ["~", null],
  ];
  for (const [text, value] of expected) {
    assert.deepEqual(parseYaml(`v: ${text}\n`).value, { v: value }, text);
  }
});

test("literals are what Python makes of them: dates, keys of any type in their order, merged maps", () => {
  const expected: [string, string][] = [
    ["2024-05-06", "datetime.date(2024, 5, 6)"],
    ["'2024-05-06'", "'2024-05-06'"],
    ["2024-5-6", "'2024-5-6'"],
    ["2024-05-06 01:02:03.5", "datetime.datetime(2024, 5, 6, 1, 2, 3, 500000)"],
    ["2024-1-1T0:00:00", "TimeStamp(2024, 1, 1, 0, 0)"],
    [
      "2001-12-14 21:59:43.10 -5",
      "TimeStamp(2001, 12, 14, 21, 59, 43, 100000, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400), '-5'))",
    ],
    ["{2: b, 1: a}", "{2: 'b', 1: 'a'}"],
    ["{'2': b, '1': a}", "{'2': 'b', '1': 'a'}"],
    ["{null: 1, true: [2024-01-01], 1.0e3: x}", "{None: 1, True: [datetime.date(2024, 1, 1)], 1000.0: 'x'}"],
    ["{[1, 2]: a}", "{(1, 2): 'a'}"],
    ["{a: &x {k: 1, m: 3}, b: {<<: *x, m: 2}}", "{'a': {'k': 1, 'm': 3}, 'b': {'m': 2, 'k': 1}}"],
    ["{b: 2, <<: [{a: 1}, {a: 5, c: 6}]}", "{'b': 2, 'a': 1, 'c': 6}"],
    ["{'<<': 1}", "{'<<': 1}"],
    ["!!binary aGk=", "b'hi'"],
    ["!!set {b, a}", "set(odict_keys(['b', 'a']))"],
    ["!!pairs [a: 1, a: 2]", "[('a', 1), ('a', 2)]"],
    ["[&d 2024-01-01, *d]", "[datetime.date(2024, 1, 1), datetime.date(2024, 1, 1)]"],
  ];
  for (const [text, repr] of expected) assert.equal(pyRepr(parseYaml(`v: ${text}\n`).literalAt(["v"])), repr, text);
  const refused = {
    "2024-13-01": "month must be in 1..12",
    "2023-02-29": "day is out of range for month",
    "2024-01-01 25:00:00": "hour must be in 0..23",
    "{1: a, 1.0: b}": "twice",
  };
  for (const [text, message] of Object.entries(refused)) {
    assert.throws(() => parseYaml(`v: ${text}\n`, "f.yaml").literalAt(["v"]), new RegExp(`f.yaml:1: .*${message}`));
  }
  assert.throws(() => parseYaml("{<<: 3}", "f.yaml"), /f.yaml: what follows `<<:` must be a map/);
});

test("what is no single document, and an alias without its anchor, are told in words", () => {
  const told = (text: string, message: RegExp): void =>
    assert.throws(() => parseYaml(text, "flow.yaml"), { code: "InvalidYaml", message });
  told("a: 1\n---\nb: 2\n", /^flow\.yaml:2:1: a second document begins here/);
  told("a: *b\nb: &b 1\n", /^flow\.yaml: \*b refers to &b, which does not stand before it\.$/);
  told("a: &a {b: *a}\n", /aliases/);
});
