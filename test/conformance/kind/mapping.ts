// Column mapping, lines of several sources, and what aggregation nodes are given.

import { isMap, type Value, type ValueMap } from "../../../src/base/value.ts";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { checkAggregationLists, fillDefaults } from "../../../src/flow/aggregate.ts";
import type { InputDefinition } from "../../../src/flow/definition.ts";
import { errorChain } from "../../../src/flow/error-chain.ts";
import { rowsInMemory } from "../../../src/run/dataset.ts";
import { type NamedSource, prepareLines } from "../../../src/run/lines.ts";
import { applyMapping } from "../../../src/run/mapping.ts";
import { type SourceFacts, checkAligned, examine, mergeByLine } from "../../../src/run/merge.ts";
import type { Kinds } from "../case.ts";
import { expectEqual, expectFailure, expectTrue } from "../compare.ts";

export const MAPPING_KINDS: Kinds = {
  "unit:inputs_mapping"({ inputs, expect }) {
    const given = (inputs["inputs"] ?? {}) as ValueMap;
    const mapping = inputs["inputs_mapping"];
    const isLists = mapping !== null && !Object.values(given).some(isMap);
    return judge(expect, async () => {
      if (!isLists) return applyMapping(given, (mapping ?? null) as ValueMap | null);
      const lines: Value[] = [];
      // The flow of these tests of the original.
      const prepared = await prepareLines(
        sourcesOf(given),
        ["question", "groundtruth"].map(input),
        mapping as ValueMap,
      );
      for await (const { line, inputs: found } of prepared.lines()) lines.push({ ...found, line_number: line });
      return lines;
    });
  },

  "unit:inputs_merge_by_line"({ inputs, expect }) {
    return judge(expect, async () => {
      const sources = sourcesOf(inputs["inputs"] as ValueMap);
      const facts = new Map<string, SourceFacts>();
      for (const [name, source] of sources) facts.set(name, await examine(source, name));
      checkAligned(facts);
      const lines: Value[] = [];
      for await (const line of mergeByLine(sources, facts)) lines.push(line);
      return lines;
    });
  },

  "unit:default_values_aggregation"({ inputs, expect }) {
    const definitions = Object.entries(inputs["flow_inputs"] as ValueMap).map(([name, definition]): InputDefinition => {
      const { type, default: value } = definition as { type: string; default?: Value };
      return { name, type, default: value ?? null, isChatInput: false };
    });
    const lists = {
      inputs: inputs["aggregated_flow_inputs"] as ValueMap,
      nodes: inputs["aggregation_inputs"] as ValueMap,
    };
    expectEqual(fillDefaults(definitions, lists), expect["expected_inputs"]);
  },

  async "unit:aggregation_inputs_validate"({ inputs, expect }) {
    const lists = {
      inputs: inputs["aggregated_flow_inputs"] as ValueMap,
      nodes: inputs["aggregation_inputs"] as ValueMap,
    };
    const error = await expectFailure(() => checkAggregationLists(lists));
    expectEqual((error as FlowsteadError).code, "InvalidAggregationInput", "error class");
    expectEqual(error.message, expect["error_message"], "message");
  },
};

function input(name: string): InputDefinition {
  return { name, type: "string", isChatInput: false };
}

function sourcesOf(given: ValueMap): Map<string, NamedSource> {
  return new Map(
    Object.entries(given).map(([name, rows]) => [name, { ...rowsInMemory(rows as ValueMap[]), origin: name }]),
  );
}

async function judge(expect: ValueMap, work: () => Promise<Value>): Promise<void> {
  if (expect["expected"] !== undefined) return expectEqual(await work(), expect["expected"]);
  const error = await expectFailure(work);
  if (!(error instanceof FlowsteadError)) throw error;
  const known = errorChain(error).split("/").at(-1) === expect["error_code"];
  expectTrue(
    known,
    `error code: got ${error.code} (${error.message}), expected ${String(expect["error_code"] as string)}`,
  );
  if (typeof expect["error_message"] === "string") {
    const wanted = expect["error_message"];
    expectTrue(error.message.includes(wanted), `error message: ${error.message}`);
  }
}
