import assert from "node:assert/strict";
import { test } from "node:test";
import { Float } from "../../src/base/value.ts";
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
