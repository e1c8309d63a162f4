// The parts of the engine, one at a time.

import path from "node:path";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { isMap, type Value, type ValueMap } from "../../../src/base/value.ts";
import type { NodeDefinition } from "../../../src/flow/definition.ts";
import { environmentTexts } from "../../../src/flow/environment.ts";
import { errorChain } from "../../../src/flow/error-chain.ts";
import { orderNodes } from "../../../src/flow/graph.ts";
import { applyDefaults, parseInput, resolveInputs } from "../../../src/flow/input.ts";
import { takesConnection } from "../../../src/flow/literal.ts";
import { loadFlow, parseFlow } from "../../../src/flow/load.ts";
import { parseTyped } from "../../../src/flow/value.ts";
import { applyVariants } from "../../../src/flow/variant.ts";
import { checkFunctions, checkTools, functionCall, toolChoice } from "../../../src/tool/function-calling.ts";
import { callerInputs, readTemplate } from "../../../src/tool/template-source.ts";
import type { Case, KindContext, Kinds, Runner } from "../case.ts";
import { expectEqual, expectFailure, expectTrue } from "../compare.ts";

export const FLOW_UNIT_KINDS: Kinds = {
  "unit:connection_class_name"({ inputs, expect }) {
    const type = [String(inputs["type_name"] as string)];
    expectEqual(takesConnection({ type }), expect["expected"]);
  },

  async "unit:value_type_parse"({ inputs, expect }) {
    const parse = (): Value => parseTyped(inputs["value_type"] as string, inputs["value"] ?? null);
    if ("expected" in expect) expectEqual(parse(), expect["expected"]);
    else await expectFailure(parse);
  },

  "unit:default_values"({ inputs, expect }) {
    const definitions = inputDefinitions(inputs["flow_inputs"] as ValueMap);
    const given = (inputs["inputs"] ?? {}) as ValueMap;
    expectEqual(applyDefaults(definitions, given), expect["expected_inputs"]);
  },

  async "unit:input_value_parse"(testCase, context) {
    const { flow, inputs, expect } = testCase;
    const index = inputs["index"] as number | null | undefined;
    if (!flow) return judgeInput(inputs, expect);
    const { definition } = loadFlow(path.join(context.upstream, flow));
    await judgeFailure(() => resolveInputs(definition.inputs, inputs["inputs"] as ValueMap, index ?? undefined), {
      error_type: expect["error_type"] ?? null,
      error_message: expect["error_message"] ?? null,
    });
  },

  async "unit:nodes_order"(testCase, context) {
    const { definition } = loadFlow(folder(testCase, context));
    const order = (): string[] => orderNodes(applyVariants(definition), definition.inputs).map(({ name }) => name);
    if ("expected_node_order" in testCase.expect) expectEqual(order(), testCase.expect["expected_node_order"]);
    else await judgeFailure(order, testCase.expect);
  },

  "unit:env_variables"(testCase, context) {
    const { definition } = loadFlow(folder(testCase, context));
    const overrides = testCase.inputs["environment_variables_overrides"] as Record<string, string> | null;
    expectEqual(
      environmentTexts(definition.environmentVariables, overrides ?? {}),
      testCase.expect["except_environment_variables"],
    );
  },

  async "unit:message_format"({ inputs, expect }, context) {
    if (inputs["flow_folder_name"] !== undefined) {
      const file = inputs["flow_file"] as string | null;
      const isFlow = file !== null && /\.ya?ml$/.test(file);
      const root = path.join(context.upstream, "src/promptflow/tests/test_configs/flows");
      const format = isFlow
        ? loadFlow(path.join(root, inputs["flow_folder_name"] as string, file)).definition.messageFormat
        : "basic";
      return expectEqual(processor(format), expect["processor_class"]);
    }
    const type = inputs["message_format_type"] as string | null;
    const parse = (): string => parseFlow(`message_format: ${JSON.stringify(type)}\n`).messageFormat;
    if (expect["expected_error"] === null) return expectEqual(processor(parse()), inputs["processor_class"]);
    const error = await expectFailure(parse);
    return expectEqual((error as FlowsteadError).code, expect["expected_error"], "error");
  },

  "unit:flow_input_parse"({ inputs, expect }) {
    const [input] = inputDefinitions({ x: inputs["data"] ?? null });
    const wanted = expect["expected_value"] as ValueMap;
    expectEqual(input?.type, wanted["type"], "type");
    expectEqual(input?.default ?? null, wanted["default"], "default");
    expectEqual(input?.description ?? "", wanted["description"], "description");
    expectEqual(input?.isChatInput, wanted["is_chat_input"], "is_chat_input");
    expectEqual(input?.isChatHistory ?? null, wanted["is_chat_history"], "is_chat_history");
  },

  "unit:flow_output_parse"({ inputs, expect }) {
    const text = JSON.stringify({ outputs: { x: inputs["data"] ?? null } });
    const [output] = parseFlow(text).outputs;
    const wanted = expect["expected_value"] as ValueMap;
    expectEqual(output?.type, wanted["type"], "type");
    expectEqual(output?.reference, { kind: "literal", value: (wanted["reference"] as ValueMap)["value"] }, "reference");
    expectEqual(output?.description ?? "", wanted["description"], "description");
    expectEqual(output?.evaluationOnly, wanted["evaluation_only"], "evaluation_only");
    expectEqual(output?.isChatOutput, wanted["is_chat_output"], "is_chat_output");
  },

  "unit:node_parse"({ inputs, expect }) {
    const [node] = parseFlow(JSON.stringify({ nodes: [inputs["data"] ?? null] })).nodes;
    const wanted = expect["expected_value"] as ValueMap;
    expectEqual(node?.name, wanted["name"], "name");
    expectEqual(node?.inputs, wanted["inputs"], "inputs");
    expectEqual(node?.aggregation, wanted["aggregation"], "aggregation");
    expectEqual(node?.useVariants, wanted["use_variants"], "use_variants");
    for (const key of ["api", "provider", "connection", "source", "type", "activate"] as const) {
      expectEqual(node?.[key] ?? null, wanted[key], key);
    }
  },

  "unit:inputs_to_escape"({ inputs, expect }) {
    const given = inputs["node_inputs"] as Record<string, ValueMap>;
    const written = Object.entries(given).map(([name, input]) => [
      name,
      input["value_type"] === "FlowInput" ? `\${inputs.${String(input["value"] as string)}}` : input["value"],
    ]);
    const node = { name: "n", type: inputs["tool_type"], inputs: Object.fromEntries(written) as ValueMap };
    const [parsed] = parseFlow(JSON.stringify({ nodes: [node] })).nodes;
    const wanted = (expect["expected_inputs"] as Record<string, ValueMap>)["_inputs_to_escape"]?.["value"] ?? [];
    const isPrompt = ["llm", "prompt", "custom_llm"].includes(inputs["tool_type"] as string);
    expectEqual(isPrompt && parsed ? callerInputs(parsed) : [], wanted);
  },

  async "unit:tool_source_error"({ inputs, expect }) {
    const source = inputs["source"] ?? undefined;
    const [node] = parseFlow(JSON.stringify({ nodes: [{ name: "n", type: "prompt", source }] })).nodes;
    const error = await expectFailure(() => readTemplate(node as NodeDefinition, "."));
    expectEqual((error as FlowsteadError).code, expect["raises"], "error");
  },

  "unit:functions_validate": validates((inputs) => checkFunctions(inputs["functions"] ?? null)),
  "unit:tools_validate": validates((inputs) => checkTools(inputs["tools"] ?? null)),
  "unit:function_call_validate": validates((inputs) => functionCall(inputs["function_call"] ?? null)),
  "unit:tool_choice": validates((inputs) => toolChoice(inputs["tool_choice"] ?? null)),
};

function validates(check: (inputs: ValueMap) => unknown): Runner {
  return async ({ inputs, expect }) => {
    if (expect["success"] === true) {
      check(inputs);
      return;
    }
    const error = await expectFailure(() => check(inputs));
    expectTrue(error.message.includes(String(expect["error_message"] as string)), `message: ${error.message}`);
  };
}

async function judgeInput(inputs: ValueMap, expect: ValueMap): Promise<void> {
  if (isMap(inputs["inputs"])) {
    const lists = Object.entries(inputs["inputs"]) as [string, Value[]][];
    const typed = (): ValueMap =>
      Object.fromEntries(
        lists.map(([name, values]) => [name, values.map((value, line) => parseInput(name, "int", value, line))]),
      );
    if ("expected_result" in expect) return expectEqual(typed(), expect["expected_result"]);
    return judgeFailure(typed, expect);
  }
  const index = inputs["index"] as number | null | undefined;
  const parse = (): Value =>
    parseInput("my_input", inputs["type"] as string, inputs["input"] ?? null, index ?? undefined);
  if ("expected_result" in expect) expectEqual(parse(), expect["expected_result"]);
  else await judgeFailure(parse, expect);
}

export async function judgeFailure(work: () => unknown, expect: ValueMap): Promise<void> {
  const error = await expectFailure(work);
  expectTrue(error instanceof FlowsteadError, `it failed with ${String(error)}`);
  const code = expect["error_type"] ?? expect["expected_error_class"] ?? expect["error_class"] ?? expect["error_code"];
  // The original's name ends the chain where ours is another.
  const names = [
    (error as FlowsteadError).code,
    errorChain(error as FlowsteadError)
      .split("/")
      .at(-1),
  ];
  if (typeof code === "string" && !names.includes(code)) expectEqual(names[0], code, "error");
  const message =
    expect["error_message"] ?? expect["expected_error_message"] ?? expect["expected_message"] ?? expect["message"];
  if (typeof message === "string") expectTrue(error.message.includes(message), `message: ${error.message}`);
}

export function inputDefinitions(inputs: ValueMap): ReturnType<typeof parseFlow>["inputs"] {
  const compact = Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [
      name,
      isMap(input) ? Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)) : input,
    ]),
  );
  return parseFlow(JSON.stringify({ inputs: compact })).inputs;
}

function folder({ flow }: Case, { upstream }: KindContext): string {
  return path.join(upstream, flow ?? "");
}

function processor(format: string): string {
  return format === "basic" ? "BasicMultimediaProcessor" : "OpenaiVisionMultimediaProcessor";
}
