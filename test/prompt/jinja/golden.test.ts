// Our templates, compared with what Jinja2 made of them when `record.py` ran.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { parseJson } from "../../../src/base/json.ts";
import { compileTemplate } from "../../../src/prompt/template.ts";

interface Golden {
  context: Record<string, unknown>;
  cases: { template: string; text?: string; error?: string; free?: string[] }[];
}

const golden = parseJson(readFileSync("test/prompt/jinja/golden.json", "utf8")) as unknown as Golden;

function outcome(template: string): { text?: string; error?: string; free?: string[] } {
  try {
    const compiled = compileTemplate(template);
    const free = [...compiled.undeclaredVariables].sort();
    try {
      return { text: compiled.render(golden.context), free };
    } catch (thrown) {
      return { ...failure(thrown), free };
    }
  } catch (thrown) {
    return failure(thrown);
  }
}

function failure(thrown: unknown): { error: string } {
  assert.ok(thrown instanceof FlowsteadError && thrown.code === "JinjaTemplateError", String(thrown));
  return { error: `${String(thrown.details?.["type"])}: ${String(thrown.details?.["reason"])}` };
}

test("there are golden templates", () => assert.ok(golden.cases.length > 150));

for (const { template, text, error, free } of golden.cases) {
  test(`as Jinja2: ${JSON.stringify(template).slice(0, 80)}`, () => {
    const actual = outcome(template);
    assert.equal(actual.error, error);
    assert.equal(actual.text, text);
    if (actual.free !== undefined && free !== undefined) assert.deepEqual(actual.free, free);
  });
}
