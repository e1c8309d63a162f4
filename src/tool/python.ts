// The `python` node: one function of a file of the flow, run in a Python process.

import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { pyStr } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { createImage } from "../flow/image.ts";
import { convertLiterals, nodeConnection, takesConnection } from "../flow/literal.ts";
import { type NodeValue, pythonInput } from "../flow/node-value.ts";
import { callImages, nodeListener } from "../flow/python-call.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import type { PythonSignature } from "../python/message.ts";
import { WorkerFailure } from "../python/process.ts";
import type { PythonCall } from "../python/session.ts";
import { answerQuestion } from "./question.ts";

export const PYTHON_TOOL: NodeTool = {
  id: "python",
  answer: answerQuestion,
  async prepare(node: NodeDefinition, context: PrepareContext): Promise<PreparedNode> {
    const file = sourceFile(node, context.directory);
    const signature = await context.python().load(file);
    const inputs = await literalImages(convertLiterals(node, signature.inputs), { node, signature, context });
    const connections = await findConnections(node, signature, context);
    const optional = Object.entries(signature.inputs).filter(([, parameter]) => parameter.has_default);
    return {
      inputs,
      streaming: signature.generator ? "always" : "never",
      optionalInputs: new Set(optional.map(([name]) => name)),
      run: (call) =>
        callPython(call, {
          file,
          inputs: Object.fromEntries(Object.entries(call.inputs).map(([name, value]) => [name, pythonInput(value)])),
          init: signature.init,
          connections,
          ...callImages(call.inputs, context.messageFormat),
        }),
    };
  },
};

/** Runs a loaded tool. @throws FlowsteadError `ToolExecutionError` and what processes can fail of. */
export async function callPython(call: NodeCall, request: PythonCall): Promise<NodeValue> {
  try {
    return await call.python.call(request, nodeListener(call), call.signal);
  } catch (thrown) {
    throw thrown instanceof WorkerFailure ? executionError(call.node, thrown) : thrown;
  }
}

function executionError(node: string, { fault }: WorkerFailure): FlowsteadError {
  if (fault.code === "PythonValueLost" || fault.code === "Canceled") {
    return new FlowsteadError(fault.code, fault.message, { details: { node } });
  }
  const details: Record<string, unknown> = {
    node,
    type: fault.class,
    message: fault.message,
    traceback: fault.traceback,
    filename: fault.filename,
    lineno: fault.lineno,
    name: fault.name,
  };
  if (fault.chain)
    return new FlowsteadError("ToolRaisedError", fault.message, { details: { ...details, chain: fault.chain } });
  return new FlowsteadError("ToolExecutionError", `Execution failure in '${node}': (${fault.class}) ${fault.message}`, {
    details,
  });
}

/** Texts given for image parameters become image data. */
async function literalImages(
  inputs: PreparedNode["inputs"],
  { node, signature, context }: { node: NodeDefinition; signature: PythonSignature; context: PrepareContext },
): Promise<PreparedNode["inputs"]> {
  const { directory, messageFormat: format, env } = context;
  const converted = { ...inputs };
  for (const [name, input] of Object.entries(inputs)) {
    if (input.kind !== "literal" || signature.inputs[name]?.type[0] !== "image") continue;
    try {
      const value = await createImage(input.value, { directory, format, env });
      converted[name] = { kind: "literal", value };
    } catch (thrown) {
      const { code, message } = FlowsteadError.from(thrown);
      throw new FlowsteadError(
        "NodeInputValidationError",
        `Failed to load image for input '${name}': (${code}) ${message}`,
        { cause: thrown, details: { node: node.name, input: name } },
      );
    }
  }
  return converted;
}

function sourceFile(node: NodeDefinition, directory: string): string {
  const file = node.source?.path;
  if (!file) {
    throw new FlowsteadError("InvalidSource", `Load tool failed for node '${node.name}'. The source path is 'None'.`);
  }
  const full = path.join(directory, file);
  if (existsSync(full) && statSync(full).isFile()) return file;
  throw new FlowsteadError(
    "InvalidSource",
    `Load tool failed for node '${node.name}'. Tool file '${file}' can not be found.`,
    { details: { node: node.name, file } },
  );
}

/** The connections that a node names for parameters that take one. @throws FlowsteadError `NodeInputValidationError`. */
export async function findConnections(
  node: NodeDefinition,
  signature: Pick<PythonSignature, "inputs">,
  context: PrepareContext,
): Promise<PythonCall["connections"]> {
  const found: PythonCall["connections"] = {};
  for (const [name, parameter] of Object.entries(signature.inputs)) {
    const input = node.inputs[name];
    if (!takesConnection(parameter) || input?.kind !== "literal" || !input.value) continue;
    const connection: Connection = await nodeConnection(context.resources, pyStr(input.value), node.name);
    if (!parameter.type.includes(connection.type)) {
      throw new FlowsteadError(
        "NodeInputValidationError",
        `Input '${name}' for node '${node.name}' of type '${connection.type}' is not supported, valid types [${parameter.type.map((type) => `'${type}'`).join(", ")}].`,
        { details: { node: node.name, input: name } },
      );
    }
    const customType = connection.type === "CustomConnection" ? parameter.custom_type?.[0] : undefined;
    found[name] = { connection, customType };
  }
  return found;
}
