// One node alone, and the nodes that run over all lines.

import path from "node:path";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { type Value, type ValueMap, isMap } from "../../../src/base/value.ts";
import { errorChain } from "../../../src/flow/error-chain.ts";
import { type KindContext, type Kinds, Mismatch } from "../case.ts";
import { expectEqual, expectTrue } from "../compare.ts";
import { type LineError, openCase, runLine } from "../flow-run.ts";
import { judgeResult, withoutPaths } from "./line.ts";

interface NodeCase {
  directory: string;
  node: string;
  inputs: ValueMap;
  /** Outputs of the nodes before it. */
  outputs: ValueMap;
}

export const NODE_KINDS: Kinds = {
  async node({ flow, inputs, expect }, context) {
    const result = await runNode(
      {
        directory: path.join(context.upstream, flow ?? ""),
        node: inputs["node"] as string,
        inputs: (inputs["inputs"] ?? {}) as ValueMap,
        outputs: (inputs["deps"] ?? {}) as ValueMap,
      },
      context,
    );
    if (expect["error_class"] !== undefined) {
      if (!("error" in result)) throw new Mismatch("it should have failed, but did not");
      expectEqual(result.error.code.split("/").at(-1), expect["error_class"], `error (${result.error.message})`);
      const message = expect["message"] as string | undefined;
      if (message !== undefined) expectTrue(result.error.message.includes(message), `message: ${result.error.message}`);
      return;
    }
    if ("error" in result) throw new Mismatch(`it failed: ${result.error.message}`);
    const wanted = expect["output"] ?? null;
    const comparable = (value: Value): Value =>
      typeof value === "string" ? withoutPaths(value.replaceAll(testConfigs(context), "$TEST_CONFIGS")) : value;
    const got = typeof wanted === "string" ? comparable(result.output) : result.output;
    if (expect["output"] !== undefined) expectEqual(got, comparable(wanted), "output");
  },

  async line_agg({ flow, inputs, expect }, context) {
    const directory = path.join(context.upstream, flow ?? "");
    // In the original the line has ended when its aggregation begins, and a failure of that changes it no more.
    judgeResult(await runLine(await openCase(directory, context), inputs, context), expect);
    const opened = await openCase(directory, context, { aggregate: true });
    const aggregating = new Set(opened.plan.aggregations.map(({ name }) => name));
    const result = await runLine(opened, inputs, context);
    const wanted = isMap(expect["aggregation"]) ? expect["aggregation"] : {};
    for (const [node, facts] of Object.entries(isMap(wanted["nodes"]) ? wanted["nodes"] : {})) {
      expectTrue(aggregating.has(node), `${node} is no aggregation node`);
      const { status, output } = facts as ValueMap;
      if (status !== undefined) expectEqual(result.node_status[node], status, `${node}.status`);
      if (output !== undefined) expectEqual(result.node_output[node], output, `${node}.output`);
    }
    if (isMap(wanted["metrics"])) expectEqual(result.metrics, wanted["metrics"], "metrics");
  },
};

async function runNode(
  { directory, node, inputs, outputs }: NodeCase,
  context: KindContext,
): Promise<{ output: Value } | { error: LineError }> {
  try {
    const flow = await openCase(directory, context, { node: { name: node, outputs } });
    const { error, output } = await runLine(flow, inputs, context);
    return error ? { error } : { output: output["output"] ?? null };
  } catch (thrown) {
    if (!(thrown instanceof FlowsteadError)) throw thrown;
    return { error: { code: errorChain(thrown), message: thrown.message } };
  }
}

function testConfigs({ upstream }: KindContext): string {
  return path.resolve(upstream, "src/promptflow/tests/test_configs");
}
