// Everything wrong in a flow's files at once: its file, its graph, and each node's tool, of variants too. Nothing is run.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { SILENT } from "../../base/log.ts";
import type { Value } from "../../base/value.ts";
import { environmentTexts, resolveEnvironment } from "../../flow/environment.ts";
import type { FlowDefinition, NodeDefinition } from "../../flow/definition.ts";
import { type MergedFlow, mergeIncludes } from "../../flow/include.ts";
import { loadFlow } from "../../flow/load.ts";
import { planFlow } from "../../flow/plan.ts";
import type { NodeTool, PrepareContext } from "../../flow/tool.ts";
import { applyVariants } from "../../flow/variant.ts";
import { createPythonPool } from "../../python/pool.ts";
import { writeFileAtomic } from "../../store/atomic-file.ts";
import { BUILT_IN_TOOLS } from "../../tool/index.ts";
import type { Console } from "../console.ts";
import { type OpenedResources, openResourcesHere } from "./open.ts";
import { errorPlace } from "./place.ts";
import { promptflowFolder } from "./record.ts";
import { type FlowTools, flowTools, writtenNodes } from "./tools.ts";
import type { HomeOptions } from "../option.ts";

export interface FlowValidateOptions extends HomeOptions {
  source: string;
}

interface Finding {
  message: string;
  /** Keys in the flow's file, with dots between. */
  path?: string;
  value?: Value;
  /** `file:line`. */
  location?: string;
}

interface Findings {
  errors: Finding[];
  warnings: Finding[];
  tools?: FlowTools;
}

/** Prints the result as JSON; the exit code is 1 when there are errors. */
export async function flowValidate({ source, ...home }: FlowValidateOptions, console: Console): Promise<void> {
  const opened = await openResourcesHere(home, SILENT);
  const { errors, warnings, tools } = await findAll(source, opened).finally(() => opened.close());
  // Only nodes have tools.
  if (tools && Object.keys({ ...tools.code, ...tools.package }).length > 0) await writeTools(source, tools, console);
  const result = {
    result: errors.length === 0 ? "Succeeded" : "Failed",
    ...(errors.length > 0 ? { errors: errors.map(withOriginalNames) } : {}),
    ...(warnings.length > 0 ? { warnings: warnings.map(withOriginalNames) } : {}),
  };
  console.print(stringifyJson(result, 2));
  if (errors.length > 0) console.fail();
}

/** With the names under which the original's readers look for the two places, too. */
function withOriginalNames(finding: Finding): Finding & { local_path?: string; yaml_path?: string } {
  const { path: keys, location } = finding;
  return {
    ...finding,
    ...(location === undefined ? {} : { local_path: location }),
    ...(keys === undefined ? {} : { yaml_path: keys }),
  };
}

async function findAll(source: string, { resources, config, env }: OpenedResources): Promise<Findings> {
  const findings: Findings = { errors: [], warnings: [] };
  let loaded: ReturnType<typeof loadFlow>;
  let merged: MergedFlow | undefined;
  try {
    loaded = loadFlow(source);
    const { additionalIncludes, file } = loaded.definition;
    if (additionalIncludes.length > 0) merged = mergeIncludes(loaded.directory, additionalIncludes, file);
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    // No flow at all is a wrong word of the command, not a fault of a flow.
    if (error.code === "FlowNotFound") throw error;
    return { errors: [{ message: error.message, ...located(error, source) }], warnings: [] };
  }
  const { definition } = loaded;
  const directory = merged?.directory ?? loaded.directory;
  const variables = await resolveEnvironment(environmentTexts(definition.environmentVariables), resources).catch(
    (thrown: unknown) => {
      addFinding(findings, FlowsteadError.from(thrown), { path: "environment_variables" });
      return {};
    },
  );
  const seen = { ...env, ...variables };
  const python = createPythonPool({ directory, interpreter: config.python, env: seen });
  try {
    const context = { directory, resources, messageFormat: definition.messageFormat, env: seen, python: () => python };
    await checkGraph(definition, { source, context, findings });
    const { tools, faults } = await flowTools(definition, { directory, python });
    await checkNodes(definition, { source, context, findings, faults });
    return { ...findings, tools };
  } finally {
    await python.close();
    merged?.remove();
  }
}

interface Check {
  source: string;
  context: PrepareContext;
  findings: Findings;
}

/** References, cycles and outputs; which tools there are does not matter here. */
async function checkGraph(definition: FlowDefinition, { source, context, findings }: Check): Promise<void> {
  const nodes = applyVariants(definition).map((node) => ({ ...node, type: node.type ?? "unknown" }));
  const ids = new Set(nodes.flatMap(({ type, source: from }) => [type, from?.tool ?? ""]));
  try {
    const { warnings } = await planFlow(definition, nodes, {
      tools: [...ids].map(unloadedTool),
      context,
      streaming: false,
    });
    findings.warnings.push(...warnings.map((message) => ({ message })));
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    addFinding(findings, error, { ...placeInFlow(error, definition), ...located(error, source) });
  }
}

function unloadedTool(id: string): NodeTool {
  return {
    id,
    prepare: async ({ inputs }) => ({
      inputs,
      streaming: "never",
      optionalInputs: new Set(),
      run: () => Promise.reject(new FlowsteadError("Unexpected", "A flow that is validated does not run.")),
    }),
  };
}

async function checkNodes(
  definition: FlowDefinition,
  { source, context, findings, faults }: Check & { faults: Map<string, FlowsteadError> },
): Promise<void> {
  for (const { node, path: keys } of writtenNodes(definition)) {
    const file = node.source?.path;
    const at: Omit<Finding, "message"> =
      file === undefined
        ? { path: keys.join("."), value: node.name }
        : { path: [...keys, "source", "path"].join("."), value: file };
    const error = await loadingError(definition, node, context);
    const fault = file === undefined ? undefined : faults.get(file);
    const found = error && !isMissingConnection(error) ? error : fault;
    const where = (one: FlowsteadError): Omit<Finding, "message"> => ({ ...at, ...located(one, source, node.line) });
    if (found) addFinding(findings, found, where(found));
    if (error && isMissingConnection(error)) addFinding(findings, error, where(error));
  }
}

async function loadingError(
  definition: FlowDefinition,
  node: NodeDefinition,
  context: PrepareContext,
): Promise<FlowsteadError | undefined> {
  try {
    await planFlow(definition, [node], { tools: BUILT_IN_TOOLS, context, streaming: false, given: [node] });
    return undefined;
  } catch (thrown) {
    return FlowsteadError.from(thrown);
  }
}

/** Connections are those of a machine, not of the flow: one that is not here may be where the flow will run. */
function isMissingConnection({ code, details = {} }: FlowsteadError): boolean {
  const codes = [code, details["inner"]];
  return (
    codes.includes("ConnectionNotFound") ||
    codes.includes("GetConnectionError") ||
    codes.includes("EnvironmentVariableNotFound")
  );
}

function addFinding({ errors, warnings }: Findings, error: FlowsteadError, at: Omit<Finding, "message">): void {
  (isMissingConnection(error) ? warnings : errors).push({ message: error.message, ...at });
}

function placeInFlow({ details = {} }: FlowsteadError, { nodes }: FlowDefinition): { path?: string } {
  const { node, output } = details;
  if (typeof output === "string") return { path: `outputs.${output}` };
  const index = nodes.findIndex(({ name }) => name === node);
  return index < 0 ? {} : { path: `nodes.${index}` };
}

function located(error: FlowsteadError, source: string, line?: number): { location?: string } {
  const location = errorPlace(error, source, line);
  return location === undefined ? {} : { location };
}

async function writeTools(source: string, tools: FlowTools, console: Console): Promise<void> {
  const folder = promptflowFolder(source);
  try {
    await mkdir(folder, { recursive: true });
    await writeFileAtomic(path.join(folder, "flow.tools.json"), `${stringifyJson(tools, 4)}\n`);
  } catch (thrown) {
    console.say(`note: flow.tools.json is not written: ${(thrown as Error).message}`);
  }
}
