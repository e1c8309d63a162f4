// The messages and the model that a prompty makes.

import path from "node:path";
import { loadPrompty, renderPrompty } from "../../../src/prompt/prompty.ts";
import type { Kinds } from "../case.ts";
import { expectEqual } from "../compare.ts";

export const PROMPTY_KINDS: Kinds = {
  prompty_render({ flow, inputs, expect, observed }, { upstream }) {
    const env = inputs["env"] as Record<string, string> | undefined;
    const prompty = loadPrompty(path.join(upstream, flow ?? ""), { env: env ?? {} });
    const wanted = "messages" in expect ? expect : (observed ?? expect);
    const given = (inputs["inputs"] ?? {}) as Record<string, unknown>;
    expectEqual(renderPrompty(prompty, given), wanted["messages"], "messages");
    if (wanted["model"] === undefined) return;
    const { api, configuration, parameters } = prompty.model;
    expectEqual({ api, configuration, parameters }, wanted["model"], "model");
  },
};
