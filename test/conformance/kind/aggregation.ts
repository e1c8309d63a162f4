// Lists for aggregation nodes: their defaults and what is wrong with them.

import type { ValueMap } from "../../../src/base/value.ts";
import { checkAggregationLists, fillDefaults } from "../../../src/flow/aggregate.ts";
import type { Case, Kinds } from "../case.ts";
import { expectEqual, expectFailure } from "../compare.ts";
import { inputDefinitions } from "./flow-unit.ts";

export const AGGREGATION_KINDS: Kinds = {
  "unit:default_values_aggregation"(testCase) {
    const definitions = inputDefinitions(testCase.inputs["flow_inputs"] as ValueMap);
    expectEqual(fillDefaults(definitions, lists(testCase)), testCase.expect["expected_inputs"]);
  },

  async "unit:aggregation_inputs_validate"(testCase) {
    const wanted = testCase.expect["error_message"];
    if (typeof wanted !== "string") return checkAggregationLists(lists(testCase));
    const error = await expectFailure(() => checkAggregationLists(lists(testCase)));
    expectEqual(error.message, wanted, "message");
  },
};

function lists({ inputs }: Case): { inputs: ValueMap; nodes: ValueMap } {
  return {
    inputs: (inputs["aggregated_flow_inputs"] ?? {}) as ValueMap,
    nodes: (inputs["aggregation_inputs"] ?? {}) as ValueMap,
  };
}
