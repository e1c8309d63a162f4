// Assistant definitions: files that name a model, its instructions, and functions of the flow that it may call. Node code
// gets them with these functions loaded.

import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { parseAssignment } from "../flow/reference.ts";
import type { PrepareContext, PreparedNode } from "../flow/tool.ts";
import type { PythonSignature } from "../python/message.ts";
import type { AssistantFunction, PythonCall } from "../python/session.ts";
import { packageFile } from "../python/pool.ts";
import { loadPackage } from "./package-load.ts";
import { findConnections, sourceFile } from "./python-source.ts";

type Assistants = NonNullable<PythonCall["assistants"]>;

/**
 * Reads the files that inputs of type `assistant_definition` name.
 * @returns the inputs with what the files say, and what belongs to it in calls
 * @throws FlowsteadError `NodeInputValidationError`.
 */
export async function loadAssistants(
  inputs: PreparedNode["inputs"],
  node: NodeDefinition,
  { signature, context }: { signature: Pick<PythonSignature, "inputs">; context: PrepareContext },
): Promise<{ inputs: PreparedNode["inputs"]; assistants: Assistants }> {
  const converted = { ...inputs };
  const assistants: Assistants = {};
  for (const [name, input] of Object.entries(inputs)) {
    if (input.kind !== "literal" || signature.inputs[name]?.type[0] !== "assistant_definition") continue;
    try {
      const value = readDefinition(input.value, { node: node.name, input: name, directory: context.directory });
      assistants[name] = [];
      for (const tool of value.tools) assistants[name].push(await loadFunction(tool, node, context));
      converted[name] = { kind: "literal", value };
    } catch (thrown) {
      const { code, message } = FlowsteadError.from(thrown);
      throw new FlowsteadError(
        "NodeInputValidationError",
        `Failed to load assistant definition from input '${name}': (${code}) ${message}`,
        { cause: thrown, details: { node: node.name, input: name } },
      );
    }
  }
  return { inputs: converted, assistants };
}

function readDefinition(
  file: Value,
  { node, input, directory }: { node: string; input: string; directory: string },
): { model: Value; instructions: Value; tools: Value[] } {
  const full = path.join(directory, pyStr(file));
  if (!existsSync(full) || !statSync(full).isFile()) {
    throw new FlowsteadError(
      "InvalidSource",
      `Input '${input}' for node '${node}' of value '${pyStr(file)}' is not a valid path.`,
      { details: { node, input } },
    );
  }
  const { value } = parseYaml(readFileSync(full, "utf8"), path.basename(full));
  const { model = "", instructions = "", tools = [] } = isMap(value) ? value : {};
  return { model, instructions, tools: Array.isArray(tools) ? tools : [] };
}

const MODEL_TOOLS = ["code_interpreter", "retrieval"];

async function loadFunction(
  given: Value,
  node: NodeDefinition,
  context: PrepareContext,
): Promise<Assistants[string][number]> {
  const tool = isMap(given) ? given : {};
  const type = pyStr(tool["type"] ?? null);
  if (MODEL_TOOLS.includes(type)) return { type, definition: tool };
  if (type !== "function") {
    throw wrongTool(
      `Unsupported assistant tool's type in node ${node.name} : ${type}. Please make sure the type is restricted within ['code_interpreter', 'function', 'retrieval'].`,
      node.name,
    );
  }
  const source = readSource(tool, node.name);
  try {
    return await findFunction(source, tool, { node, context });
  } catch (thrown) {
    const { code, message } = FlowsteadError.from(thrown);
    throw new FlowsteadError("ResolveToolError", `Tool load failed in '${node.name}': (${code}) ${message}`, {
      cause: thrown,
      details: { node: node.name },
    });
  }
}

async function findFunction(
  source: { path: string } | { tool: string },
  { predefined_inputs: given }: ValueMap,
  { node, context }: { node: NodeDefinition; context: PrepareContext },
): Promise<AssistantFunction> {
  const predefined = Object.entries(isMap(given) ? given : {});
  const inputs = Object.fromEntries(predefined.map(([name, value]) => [name, parseAssignment(value)]));
  const alone = { ...node, inputs };
  const isFile = "path" in source;
  const file = isFile ? sourceFile(alone, source.path, context.directory) : packageFile(source.tool);
  const signature = isFile ? await context.python().load(file) : await loadPackage(source.tool, context);
  const connections = await findConnections(alone, signature, context);
  const values = Object.entries(convertLiterals(alone, signature.inputs)).flatMap(([name, input]) =>
    input.kind === "literal" && !connections[name] ? [[name, input.value] as const] : [],
  );
  return { file, inputs: Object.fromEntries(values), connections };
}

/** Where a function comes from. @throws FlowsteadError `InvalidAssistantTool`. */
function readSource(tool: ValueMap, node: string): { path: string } | { tool: string } {
  const end = "Please make sure the assistant definition is correct.";
  if (tool["tool_type"] !== "python") {
    const known = ["llm", "prompt", "_action", "custom_llm", "csharp", "typescript"];
    const type = pyStr(tool["tool_type"] ?? null);
    throw wrongTool(
      known.includes(type)
        ? `Tool type '${type}' is not supported in assistant node '${node}'. ${end}`
        : `The 'tool_type' property is missing or invalid in assistant node '${node}'. ${end}`,
      node,
    );
  }
  const { source } = tool;
  if (!isMap(source)) throw wrongTool(`The 'source' property is missing in the assistant node '${node}'. ${end}`, node);
  const type = pyStr(source["type"] ?? "code");
  if (type === "code") {
    if (source["path"]) return { path: pyStr(source["path"]) };
    throw wrongTool(
      `The 'path' property is missing in 'source' of the assistant python tool in node '${node}'. ${end}`,
      node,
    );
  }
  if (type === "package") {
    if (source["tool"]) return { tool: pyStr(source["tool"]) };
    throw wrongTool(
      `The 'tool' property is missing in 'source' of the assistant package tool in node '${node}'. ${end}`,
      node,
    );
  }
  throw wrongTool(`Tool source type '${type}' is not supported in assistant node '${node}'. ${end}`, node);
}

function wrongTool(message: string, node: string): FlowsteadError {
  return new FlowsteadError("InvalidAssistantTool", message, { details: { node } });
}
