// Everything about a flow that does not depend on a call, computed once: tools, converted literals, order, what waits
// for what, and which outputs stream.

import { FlowsteadError } from "../base/error/error.ts";
import type { Assignment, FlowDefinition, InputDefinition, NodeDefinition, OutputDefinition } from "./definition.ts";
import { errorChain } from "./error-chain.ts";
import { type ToolTable, findTool } from "./find-tool.ts";
import { dependencies, orderNodes } from "./graph.ts";
import { propertyPath } from "./reference.ts";
import type { NodeTool, PrepareContext, PreparedNode } from "./tool.ts";

export interface PlannedNode {
  name: string;
  /** The node's `type`. */
  kind: string;
  /** Id of its tool, for events. */
  tool: string;
  definition: NodeDefinition;
  prepared: PreparedNode;
  inputs: [name: string, assignment: Assignment][];
  /** Names of the nodes that it waits for. */
  waitsFor: string[];
  /** Names of the nodes of its phase that wait for it. */
  dependants: string[];
  /** Whether it is asked to stream. */
  streams: boolean;
  /** Whether its value goes to Python nodes of its line only: no output shows it, no prompt or condition reads it. */
  inner: boolean;
  /** The fields of its value that others read, where none of them reads all of it. */
  shownFields?: readonly string[];
  /** Whether code of other nodes reads its text while it comes, where its input `stream` asks for that. */
  feeds?: {
    /** Whether others want the whole of it. */
    isKept: boolean;
  };
}

export interface PlannedOutput {
  definition: OutputDefinition;
  streamed: boolean;
}

export interface FlowPlan {
  name: string;
  definition: FlowDefinition;
  inputs: InputDefinition[];
  /** Nodes that run for each call, in an order that follows the references. */
  nodes: PlannedNode[];
  /** Nodes that run once over all lines. */
  aggregations: PlannedNode[];
  /** Names of the nodes that have one value per line, which aggregation nodes get as lists. */
  perLine: ReadonlySet<string>;
  /** Outputs without those that refer to aggregation nodes. */
  outputs: PlannedOutput[];
  /** Inputs that may be left out although they have no default: the code has one. */
  optionalInputs?: ReadonlySet<string>;
  /** Name of the node whose fields are the flow's outputs, whatever they are. */
  spread?: string;
  /** Whether the one output has no name for callers. */
  bareOutput?: boolean;
  /** See `FlowSignature.mayStream`. */
  mayStream?: boolean;
  warnings: string[];
}

export interface PlanOptions {
  tools: readonly NodeTool[];
  context: PrepareContext;
  /** Whether outputs may stream at all. */
  streaming: boolean;
  /** Nodes whose values are given from outside, when a node is run alone. */
  given?: readonly NodeDefinition[];
}

/**
 * Loads every node's tool, in the order of the file, then checks references, order and outputs: the first fault in this
 * sequence is the one reported, as in the original.
 */
export async function planFlow(
  definition: FlowDefinition,
  nodes: NodeDefinition[],
  options: PlanOptions,
): Promise<FlowPlan> {
  const known = toolTable(options.tools);
  checkModules(nodes, known);
  const loaded = new Map<NodeDefinition, LoadedTool>();
  const resolved: NodeDefinition[] = [];
  const wanted = nodes.flatMap(({ source }) => source?.tool ?? []);
  const named = wanted.filter((id) => known.has(id));
  const context = { ...options.context, packageTools: { wanted, known: named } };
  for (const node of nodes) {
    const tool = await loadTool(node, { known, named }, context);
    const converted = { ...node, inputs: tool.prepared.inputs };
    loaded.set(converted, tool);
    resolved.push(converted);
  }
  const ordered = options.given ? resolved : orderNodes(resolved, definition.inputs);
  const warnings: string[] = [];
  const outputs = options.given ? definition.outputs : checkOutputs(definition, ordered, warnings);
  const toolOf = (node: NodeDefinition): LoadedTool => loaded.get(node) as LoadedTool;
  const planned = ordered.map((node): PlannedNode => {
    const { tool, prepared } = toolOf(node);
    return {
      name: node.name,
      kind: node.type ?? "",
      tool: tool.id === "package" ? (node.source?.tool ?? tool.id) : tool.id,
      definition: node,
      prepared,
      inputs: Object.entries(prepared.inputs),
      waitsFor: [...dependencies(node)],
      dependants: [],
      streams: options.streaming && mayStream(node, prepared, ordered, outputs),
      ...readers(node, ordered, { outputs, toolOf }),
    };
  });
  link(planned);
  const streaming = new Set(planned.filter(({ streams }) => streams).map(({ name }) => name));
  const silent = new Set(
    planned.filter(({ kind, streams, feeds }) => (kind === "python" || feeds) && !streams).map(({ name }) => name),
  );
  const prompty = definition.file.endsWith(".prompty") ? planned[0] : undefined;
  return {
    name: definition.name,
    definition,
    inputs: definition.inputs,
    nodes: options.given ? planned : planned.filter((node) => !node.definition.aggregation),
    aggregations: options.given ? [] : planned.filter((node) => node.definition.aggregation),
    perLine: new Set((options.given ?? ordered).filter(({ aggregation }) => !aggregation).map(({ name }) => name)),
    outputs: outputs.map((output) => {
      const { reference } = output;
      return {
        definition: output,
        streamed: reference.kind === "node" && reference.property === "" && streaming.has(reference.node),
      };
    }),
    mayStream:
      options.streaming && outputs.some(({ reference }) => reference.kind === "node" && silent.has(reference.node)),
    ...(prompty ? { bareOutput: true } : {}),
    ...(prompty?.prepared.spreads && !prompty.streams ? { spread: prompty.name } : {}),
    warnings,
  };
}

interface LoadedTool {
  tool: NodeTool;
  prepared: PreparedNode;
}

function toolTable(tools: readonly NodeTool[]): Map<string, NodeTool> {
  return new Map(tools.flatMap((tool) => [tool.id, ...(tool.aliases ?? [])].map((id) => [id, tool] as const)));
}

/** Failures that are not the node's, and a type of node that there is not, which the original finds while it reads the file. */
const UNWRAPPED: ReadonlySet<string> = new Set(["Canceled", "ShuttingDown", "PythonNotFound", "ValueError"]);

/** The original imports the modules that nodes name before anything else; those of its own package are known here by their tools. */
function checkModules(nodes: readonly NodeDefinition[], known: ReadonlyMap<string, NodeTool>): void {
  for (const { name, module = "", line } of nodes) {
    const [file = ""] = /^promptflow\.tools\.[^.]+/.exec(module) ?? [];
    if (file === "") continue;
    const isKnown = [...known.keys()].some((id) => id.startsWith(`${file}.`));
    if (isKnown && module === file) continue;
    const reason = isKnown ? `No module named '${module}'; '${file}' is not a package` : `No module named '${file}'`;
    throw new FlowsteadError(
      "FailedToImportModule",
      `Failed to import modules with error: Import node '${name}' provider module '${module}' failed. Root cause: ModuleNotFoundError("${reason}").`,
      { details: { node: name, nodeLine: line } },
    );
  }
}

async function loadTool(node: NodeDefinition, tools: ToolTable, context: PrepareContext): Promise<LoadedTool> {
  try {
    const tool = findTool(node, tools);
    return { tool, prepared: await tool.prepare(node, context) };
  } catch (thrown) {
    const inner = FlowsteadError.from(thrown);
    if (UNWRAPPED.has(inner.code)) throw inner;
    throw new FlowsteadError(
      "ResolveToolError",
      `Tool load failed in '${node.name}': (${inner.code}) ${inner.message}`,
      {
        cause: thrown,
        status: inner.status,
        details: {
          ...inner.details,
          node: node.name,
          inner: inner.code,
          chain: errorChain(inner),
          nodeLine: node.line,
        },
      },
    );
  }
}

function checkOutputs(definition: FlowDefinition, nodes: NodeDefinition[], warnings: string[]): OutputDefinition[] {
  return definition.outputs.filter(({ name, reference }) => {
    const start = `The output '${name}' for flow is incorrect.`;
    if (reference.kind === "literal" && reference.value === "") {
      throw new FlowsteadError(
        "EmptyOutputReference",
        `${start} The reference is not specified for the output '${name}' in the flow. To rectify this, ensure that you accurately specify the reference in the flow.`,
        { details: { output: name } },
      );
    }
    if (reference.kind === "input" && !definition.inputs.some((input) => input.name === reference.name)) {
      throw new FlowsteadError(
        "OutputReferenceNotFound",
        `${start} The output '${name}' references non-existent flow input '${reference.name}' in your flow. Please carefully review your flow and correct the reference definition for the output in question.`,
        { details: { output: name } },
      );
    }
    if (reference.kind !== "node") return true;
    const node = nodes.find((candidate) => candidate.name === reference.node);
    if (!node) {
      throw new FlowsteadError(
        "OutputReferenceNotFound",
        `${start} The output '${name}' references non-existent node '${reference.node}' in your flow. To resolve this issue, please carefully review your flow and correct the reference definition for the output in question.`,
        { details: { output: name } },
      );
    }
    if (node.aggregation) {
      warnings.push(`Output '${name}' references a reduce node '${node.name}', will not take effect.`);
    }
    return !node.aggregation;
  });
}

/** A node streams when an output shows it and no other node consumes it; a Python generator always does. */
function mayStream(
  node: NodeDefinition,
  prepared: PreparedNode,
  nodes: NodeDefinition[],
  outputs: OutputDefinition[],
): boolean {
  if (prepared.streaming === "never") return false;
  const isShown = outputs.some(({ reference }) => reference.kind === "node" && reference.node === node.name);
  if (prepared.streaming === "always") return isShown;
  const isConsumed = nodes.some((other) =>
    Object.values(other.inputs).some((input) => input.kind === "node" && input.node === node.name),
  );
  return isShown && !isConsumed;
}

/** Who reads the node's value: code that can read what comes while it runs, or somebody who needs the whole of it. */
function readers(
  node: NodeDefinition,
  nodes: NodeDefinition[],
  { outputs, toolOf }: { outputs: OutputDefinition[]; toolOf: (node: NodeDefinition) => LoadedTool },
): Pick<PlannedNode, "inner" | "shownFields" | "feeds"> {
  const { name } = node;
  const all = nodes.filter((other) => dependencies(other).has(name));
  const code = all.filter((other) => !other.aggregation && toolOf(other).prepared.readsStreams);
  const shown = [
    ...outputs.map(({ reference }) => reference),
    ...all.flatMap(({ activate }) => activate?.when ?? []),
    ...all.filter((other) => !code.includes(other)).flatMap(({ inputs }) => Object.values(inputs)),
  ].flatMap((reference) => (reference.kind === "node" && reference.node === name ? [reference.property] : []));
  const inner = shown.length === 0;
  const isPartly = !inner && !shown.includes("");
  const fields = isPartly ? { shownFields: shown.map((property) => String(propertyPath(property)[0])) } : {};
  const { streaming, readsStreams: isCode = false } = toolOf(node).prepared;
  const isAsked = streaming === "optional" && !isCode && node.inputs["stream"] !== undefined;
  if (!isAsked || code.length === 0 || node.aggregation) return { inner, ...fields };
  return { inner, ...fields, feeds: { isKept: !inner } };
}

function link(nodes: PlannedNode[]): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const node of nodes) {
    for (const name of node.waitsFor) {
      const other = byName.get(name);
      if (other && other.definition.aggregation === node.definition.aggregation) other.dependants.push(node.name);
    }
  }
}
