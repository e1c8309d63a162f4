// The messages and the model that a prompty makes.

import path from "node:path";
import { type Prompty, loadPrompty, renderPrompty } from "../../../src/prompt/prompty.ts";
import { type Value, isMap, pyRepr } from "../../../src/base/value.ts";
import type { Kinds } from "../case.ts";
import { expectEqual } from "../compare.ts";
import { judgeFailure } from "./flow-unit.ts";

/** The observations of models go this deep; below it they have Python's notation of a value instead of the value. */
const OBSERVED_LEVELS = 8;

export const PROMPTY_KINDS: Kinds = {
  async prompty_render({ flow, inputs, expect, observed }, { upstream }) {
    const env = inputs["env"] as Record<string, string> | undefined;
    const given = (inputs["inputs"] ?? {}) as Record<string, unknown>;
    const load = (): Prompty => loadPrompty(path.join(upstream, flow ?? ""), { env: env ?? {} });
    const failure = expect["create_error"] ?? expect["error"] ?? (expect["error_class"] === undefined ? null : expect);
    if (isMap(failure)) return judgeFailure(() => renderPrompty(load(), given), failure);
    const prompty = load();
    const wanted = "messages" in expect ? expect : (observed ?? expect);
    expectEqual(renderPrompty(prompty, given), wanted["messages"], "messages");
    if (wanted["model"] === undefined) return;
    const { api, configuration, parameters } = prompty.model;
    expectEqual(asObserved({ api, configuration, parameters }), wanted["model"], "model");
  },
};

function asObserved(value: Value, level = 0): Value {
  if (level > OBSERVED_LEVELS) return pyRepr(value);
  if (Array.isArray(value)) return value.map((item) => asObserved(item, level + 1));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asObserved(item, level + 1)]));
}
