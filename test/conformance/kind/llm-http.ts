// What a flow sends to its models, over real HTTP.

import path from "node:path";
import type { ValueMap } from "../../../src/base/value.ts";
import { type Kinds, Mismatch } from "../case.ts";
import { judgeResult } from "./line.ts";
import { httpModels, openCase, runLine } from "../flow-run.ts";
import { startModelServer } from "../model-server.ts";

export const LLM_HTTP_KINDS: Kinds = {
  async llm_http({ flow, inputs, expect }, context) {
    const server = await startModelServer((expect["http_requests"] ?? []) as ValueMap[], context.recordings);
    try {
      const moved = { ...context, modelPort: server.port };
      const opened = await openCase(path.join(context.upstream, flow ?? ""), moved, {
        models: httpModels,
        streaming: inputs["stream"] === true,
      });
      const result = await runLine(opened, (inputs["inputs"] ?? {}) as ValueMap, moved);
      const [fault] = server.faults();
      if (fault !== undefined) throw new Mismatch(fault);
      judgeResult(result, expect);
    } finally {
      await server.close();
    }
  },
};
