import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorReference } from "../src/base/error/reference.ts";
import { configReference } from "../src/config/reference.ts";

test("docs/configuration.md says what the schema says (npm run docs)", () => {
  assert.equal(readFileSync("docs/configuration.md", "utf8"), configReference());
});

test("docs/errors.md says what the error table says (npm run docs)", () => {
  assert.equal(readFileSync("docs/errors.md", "utf8"), errorReference());
});
