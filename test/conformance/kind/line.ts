// Whole flows: one line, loading alone.

import path from "node:path";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { type Value, type ValueMap, isMap } from "../../../src/base/value.ts";
import { type Case, type KindContext, type Kinds, Mismatch } from "../case.ts";
import { expectEqual, expectTrue } from "../compare.ts";
import { inFolder } from "../folder.ts";
import { type LineResult, createError, openCase, runLine } from "../flow-run.ts";

export const LINE_KINDS: Kinds = {
  async line(testCase, context) {
    const { flow, inputs } = testCase;
    const isFlex = flow?.endsWith("flow.flex.yaml") ?? false;
    const given = (isFlex ? inputs["inputs"] : inputs) as ValueMap;
    const init = isMap(inputs["init"]) ? inputs["init"] : {};
    await judgeLine(testCase, { directory: path.join(context.upstream, flow ?? ""), inputs: given, init }, context);
  },

  async line_inline(testCase, context) {
    const files = testCase.inputs["files"] as Record<string, string>;
    const inputs = (testCase.inputs["flow_inputs"] ?? {}) as ValueMap;
    await inFolder(files, (directory) => judgeLine(testCase, { directory, inputs }, context));
  },

  async create({ flow, expect }, context) {
    let names: string[];
    try {
      const opened = await openCase(path.join(context.upstream, flow ?? ""), context);
      names = [...opened.plan.nodes, ...opened.plan.aggregations].map(({ name }) => name);
      await opened.close();
    } catch (thrown) {
      return judgeFailure(thrown, expect);
    }
    expectTrue(failureWanted(expect) === undefined, `it loaded: ${names.join(", ")}`);
  },
};

async function judgeLine(
  { expect }: Case,
  { directory, inputs, init = {} }: { directory: string; inputs: ValueMap; init?: ValueMap },
  context: KindContext,
): Promise<void> {
  let result: LineResult;
  try {
    const flow = await openCase(directory, context, { init });
    result = await runLine(flow, inputs, context);
  } catch (thrown) {
    if (thrown instanceof FlowsteadError && failureWanted(expect) !== undefined) return judgeFailure(thrown, expect);
    throw thrown;
  }
  if (expect["create_error"] !== undefined) throw new Mismatch("it loaded, but should not have");
  if (expect["error_class"] !== undefined) return judgeErrorClass(result, expect);
  judgeResult(result, expect);
}

export function judgeResult(result: LineResult, expect: ValueMap): void {
  const { error } = result;
  if (expect["status"] !== undefined) expectEqual(result.status, expect["status"], `status (${error?.message ?? ""})`);
  if (expect["output"] !== undefined && result.status === "Completed") {
    const isBare = !isMap(expect["output"]); // The original's flex flows return a value, ours an output named so.
    expectEqual(isBare ? result.output["output"] : result.output, expect["output"], "output");
  }
  if (expect["node_status"] !== undefined) expectEqual(result.node_status, expect["node_status"], "node_status");
  if (expect["all_nodes"] !== undefined) {
    for (const [node, status] of Object.entries(result.node_status)) expectEqual(status, expect["all_nodes"], node);
  }
  if (expect["bypassed"] !== undefined) {
    expectEqual([...result.bypassed].sort(), [...(expect["bypassed"] as string[])].sort(), "bypassed");
  }
  if (expect["node_count"] !== undefined) {
    expectEqual(Object.keys(result.node_status).length, expect["node_count"], "node_count");
  }
  if (typeof expect["log_contains"] === "string") expectTrue(result.log.includes(expect["log_contains"]), "log");
  if (expect["output_contains"] === "image objects") {
    expectTrue(JSON.stringify(result.output).includes("data:image/"), "the output has no image");
  }
  if (isMap(expect["error"])) judgeError(error, expect["error"]);
}

function judgeError(error: LineResult["error"], wanted: ValueMap): void {
  if (!error) throw new Mismatch("it has no error");
  if (wanted["code"] !== undefined) expectEqual(error.code, wanted["code"], "error code");
  if (wanted["code_last"] !== undefined) expectEqual(error.code.split("/").at(-1), wanted["code_last"], "error code");
  if (typeof wanted["message"] === "string") {
    expectEqual(withoutPaths(error.message), withoutPaths(wanted["message"]), "error message");
  }
  for (const part of (wanted["message_contains"] ?? []) as string[]) {
    expectTrue(error.message.includes(part), `error message: ${error.message}`);
  }
}

function judgeErrorClass({ error }: LineResult, expect: ValueMap): void {
  expectEqual(error?.code.split("/").at(-1), expect["error_class"], "error class");
  if (typeof expect["contains"] === "string")
    expectTrue(error?.message.includes(expect["contains"]) ?? false, "message");
}

function failureWanted(expect: ValueMap): Value | undefined {
  return expect["create_error"] ?? expect["error_class"];
}

function judgeFailure(thrown: unknown, expect: ValueMap): void {
  if (!(thrown instanceof FlowsteadError)) throw thrown;
  const actual = createError(thrown);
  const wanted = expect["create_error"] ?? { ...expect, class: expect["error_class"] ?? null };
  if (typeof wanted === "string") return expectEqual(actual.class, wanted, "error class");
  if (!isMap(wanted)) throw thrown;
  expectEqual(actual.class, wanted["class"], `error class (${actual.message})`);
  if (wanted["code"] !== undefined) expectEqual(actual.code, wanted["code"], "error code");
  if (wanted["inner"] !== undefined) expectEqual(actual.inner, wanted["inner"], "inner error");
  if (typeof wanted["message"] === "string") {
    expectEqual(withoutPaths(actual.message), withoutPaths(wanted["message"]), "error message");
  }
  if (typeof wanted["message_contains"] === "string") {
    expectTrue(actual.message.includes(wanted["message_contains"]), `error message: ${actual.message}`);
  }
}

export function withoutPaths(text: string): string {
  return text.replace(/(?:\/[\w.@-]+){2,}\//g, "<path>/").replace(/0x[\da-f]{6,}/g, "<address>");
}
