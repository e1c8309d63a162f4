// flow.flex.yaml: a flow that is one Python function, or one object of a class. It becomes a plan with a single node, so
// everything that runs flows runs it too; its outputs are the fields of what it returns.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap } from "../base/value.ts";
import type { EntrySignature } from "../python/message.ts";
import type { PythonPool } from "../python/pool.ts";
import { WorkerFailure } from "../python/process.ts";
import type { PythonResult } from "../python/python-value.ts";
import type { Assignment, FlexDefinition, FlowDefinition, InputDefinition, NodeDefinition } from "./definition.ts";
import { flexInputs, servedPorts } from "./flex-signature.ts";
import { parseInput } from "./input.ts";
import { isEntry } from "./locate.ts";
import { pythonInput } from "./node/value.ts";
import type { FlowPlan, PlannedNode } from "./plan.ts";
import { callImages, nodeListener } from "./python-call.ts";
import type { FlowResources } from "./resource.ts";
import type { NodeCall, PreparedNode } from "./tool.ts";

export interface FlexOptions {
  python: PythonPool;
  resources: FlowResources;
  /** Values for the constructor, over those of the file. */
  init: ValueMap;
  streaming: boolean;
  /** Whether the code's annotations and defaults count as those of the file do, as for the original's commands. */
  typed: boolean;
}

/** Loads the entry and makes a plan of it. @throws FlowsteadError for anything wrong in the flow's files. */
export async function planFlex(
  definition: FlowDefinition,
  flex: FlexDefinition,
  options: FlexOptions,
): Promise<FlowPlan> {
  const { entry } = flex;
  if (!isEntry(entry)) {
    throw new FlowsteadError(
      "InvalidFlexFlowEntry",
      `Invalid entry '${entry}'.The entry should be in the format of '<module>:<function>'.`,
      { details: { file: definition.file } },
    );
  }
  const init = initValues(flex, options.init);
  const signature = await options.python.loadEntry(entry, init, await namedConnections(init, options.resources));
  const { shown, taken, optional } = flexInputs(definition, signature, options.typed);
  const node = flexNode(entry, signature, { definition, inputs: taken, optional });
  const streamed = options.streaming && signature.generator;
  const outputs = outputNames(definition, signature).map(([name, type]) => ({
    definition: {
      name,
      type,
      reference: { kind: "node" as const, node: node.name, section: "output", property: "" },
      isChatOutput: definition.outputs.find((output) => output.name === name)?.isChatOutput ?? false,
      evaluationOnly: definition.outputs.find((output) => output.name === name)?.evaluationOnly ?? false,
    },
    streamed,
  }));
  return {
    name: definition.name,
    definition: { ...definition, inputs: shown, served: servedPorts(definition, signature) },
    inputs: taken,
    optionalInputs: optional,
    nodes: [{ ...node, streams: streamed }],
    aggregations: signature.aggregate ? [aggregationNode(entry, node.name)] : [],
    perLine: new Set([node.name]),
    outputs,
    mayStream: options.streaming && !streamed,
    ...(signature.bare ? { bareOutput: true } : {}),
    // What it returns counts, not what it declares: fields are outputs also where a text was announced.
    ...(signature.generator ? {} : { spread: node.name }),
    warnings: [],
  };
}

/** Empty text and null are no defaults. */
function initValues(flex: FlexDefinition, init: ValueMap): ValueMap {
  const values: ValueMap = { ...init };
  for (const { name, type, default: value } of flex.init) {
    const given = Object.hasOwn(values, name) ? values[name] : value;
    if (given === undefined || given === null || given === "") continue;
    values[name] = parseInput(name, type, given);
  }
  return values;
}

/** The fields of connections that model configurations name. */
async function namedConnections(init: ValueMap, resources: FlowResources): Promise<ValueMap> {
  const found: ValueMap = {};
  for (const [name, value] of Object.entries(init)) {
    if (!isMap(value) || typeof value["connection"] !== "string") continue;
    const { configs, secrets } = await resources.connection(value["connection"]);
    const { api_base: base, ...fields } = { ...configs, ...secrets };
    found[name] = { ...fields, ...(base === undefined ? {} : { azure_endpoint: base }) };
  }
  return found;
}

function outputNames(definition: FlowDefinition, { bare, outputs }: EntrySignature): [string, string][] {
  if (bare) return [["output", definition.outputs[0]?.type ?? "string"]];
  if (definition.outputs.length > 0) return definition.outputs.map(({ name, type }) => [name, type]);
  return Object.entries(outputs ?? {});
}

function flexNode(
  entry: string,
  signature: EntrySignature,
  flow: { definition: FlowDefinition; inputs: InputDefinition[]; optional: ReadonlySet<string> },
): PlannedNode {
  const references = flow.inputs
    .filter(({ name }) => signature.accepts_any || signature.inputs[name])
    .map(({ name }): [string, Assignment] => [name, { kind: "input", name }]);
  const format = flow.definition.messageFormat;
  const prepared: PreparedNode = {
    inputs: Object.fromEntries(references),
    streaming: signature.generator ? "always" : "never",
    optionalInputs: flow.optional,
    function: signature.function,
    run: (call) =>
      callEntry(call, {
        file: entry,
        name: signature.function,
        ...callImages(call.inputs, format),
      }),
  };
  return plannedNode(signature.name, prepared, false);
}

/** `__aggregate__` gets the results of all lines; the dict that it returns are metrics. */
function aggregationNode(entry: string, lines: string): PlannedNode {
  const prepared: PreparedNode = {
    inputs: { line_results: { kind: "node", node: lines, section: "output", property: "" } },
    streaming: "never",
    optionalInputs: new Set(),
    async run(call) {
      const file = `${entry}#aggregate`;
      const result = await callEntry(call, { file, name: "__aggregate__", images: [], imageFormat: "basic" });
      if (isMap(result)) for (const [name, value] of Object.entries(result)) call.metric(name, value as Value);
      return result;
    },
  };
  return plannedNode("__aggregate__", prepared, true);
}

function plannedNode(name: string, prepared: PreparedNode, aggregation: boolean): PlannedNode {
  const definition: NodeDefinition = {
    name,
    type: "flex",
    inputs: prepared.inputs,
    aggregation,
    useVariants: false,
    line: 1,
  };
  const inputs = Object.entries(prepared.inputs);
  const waitsFor = inputs.flatMap(([, input]) => (input.kind === "node" ? [input.node] : []));
  return {
    name,
    kind: "flex",
    tool: "flex",
    definition,
    prepared,
    inputs,
    waitsFor,
    dependants: [],
    streams: false,
    inner: false,
  };
}

interface EntryCall extends ReturnType<typeof callImages> {
  file: string;
  /** Function name, for messages. */
  name: string;
}

async function callEntry(call: NodeCall, { name, ...rest }: EntryCall): Promise<PythonResult> {
  const inputs = Object.fromEntries(Object.entries(call.inputs).map(([key, value]) => [key, pythonInput(value)]));
  try {
    return await call.python.call({ ...rest, inputs, init: [], connections: {} }, nodeListener(call), call.signal);
  } catch (thrown) {
    if (!(thrown instanceof WorkerFailure)) throw thrown;
    const { code, class: type, message, traceback, filename, lineno } = thrown.fault;
    if (code === "PythonValueLost" || code === "Canceled") throw new FlowsteadError(code, message);
    throw new FlowsteadError("ScriptExecutionError", `Execution failure in '${name}': (${type}) ${message}`, {
      details: { node: call.node, type, message, traceback, filename, lineno, name },
    });
  }
}
