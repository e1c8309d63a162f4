// References: what they say, what they give, and what is wrong with them.

import type { Value, ValueMap } from "../../../src/base/value.ts";
import type { Assignment } from "../../../src/flow/definition.ts";
import { isFlowInput, parseAssignment, readProperty } from "../../../src/flow/reference.ts";
import { resolveAssignment } from "../../../src/flow/resolve.ts";
import type { KindContext, Kinds } from "../case.ts";
import { expectEqual, expectTrue } from "../compare.ts";
import { openCase, runLine } from "../flow-run.ts";
import { inFolder } from "../folder.ts";
import { judgeFailure } from "./flow-unit.ts";

export const REFERENCE_KINDS: Kinds = {
  "unit:reference_parse"({ inputs, expect }) {
    const inner = inputs["serialized_reference"] ?? inputs["serialized_node_reference"];
    const found = parseAssignment(typeof inner === "string" ? `\${${inner}}` : (inputs["serialized_value"] ?? null));
    const { value, value_type: type, section, property } = expect["expected_value"] as ValueMap;
    if (type === "Literal") return expectEqual(found, { kind: "literal", value });
    if (type === "FlowInput") return expectEqual(found, { kind: "input", name: value });
    return expectEqual(found, { kind: "node", node: value, section, property });
  },

  "unit:is_flow_input"({ inputs, expect }) {
    expectEqual(isFlowInput(inputs["input_value"] as string), expect["expected_value"]);
  },

  async "unit:node_property"({ inputs, expect }, context) {
    const property = inputs["property"] as string;
    if (!("node_val" in inputs)) return judgeObject(property, expect, context);
    const read = (): Value => readProperty(inputs["node_val"] ?? null, property, "node1");
    if ("expected_value" in expect) expectEqual(read(), expect["expected_value"]);
    else await judgeFailure(read, expect);
  },

  async "unit:reference_resolve"({ inputs, expect }) {
    const text = "hello promptflow"; // Of the original's test: every input and every output.
    const progress = { inputs: { text }, values: new Map([["node1", text]]), bypassed: new Set<string>() };
    // Without an input, the original's test gives a reference whose kind only the message names.
    const [, kind] = /^The type '(\w+)'/.exec(String(expect["expected_error_message"] as string)) ?? [];
    const given = "input" in inputs ? parseAssignment(inputs["input"] ?? null) : ({ kind } as unknown as Assignment);
    const wanted = expect["expected_value"] ?? expect["expected"];
    if (wanted !== undefined) expectEqual(await resolveAssignment(given, progress), wanted);
    else await judgeFailure(() => resolveAssignment(given, progress), expect);
  },
};

/** Without a value, the original's test reads an object of a class of its own: `class DummyObject: value = "dummy"`. */
async function judgeObject(property: string, expect: ValueMap, context: KindContext): Promise<void> {
  const head = "from promptflow.core import tool\n";
  const files = {
    "flow.dag.yaml": [
      "outputs:",
      "  read: {type: string, reference: '${reader.output}'}",
      "nodes:",
      "- {name: node1, type: python, source: {type: code, path: node1.py}}",
      "- name: reader",
      "  type: python",
      "  source: {type: code, path: reader.py}",
      `  inputs: {given: ${JSON.stringify(`\${node1.output.${property}}`)}}`,
      "",
    ].join("\n"),
    "node1.py": `${head}class DummyObject:\n    value = "dummy"\n@tool\ndef node1():\n    return DummyObject()\n`,
    "reader.py": `${head}@tool\ndef reader(given):\n    return given\n`,
  };
  await inFolder(files, async (directory) => {
    const { output, error } = await runLine(await openCase(directory, context), {}, context);
    if ("expected_value" in expect) return expectEqual(output["read"], expect["expected_value"]);
    expectTrue(error?.message.includes(String(expect["expected_error_message"] as string)) ?? false, "message");
  });
}
