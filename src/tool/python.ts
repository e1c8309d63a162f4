// The `python` node: one function of a file of the flow, run in a Python process.

import { FlowsteadError } from "../base/error/error.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { createImage } from "../flow/image.ts";
import { convertLiterals, writtenLiterals } from "../flow/literal.ts";
import { type NodeValue, pythonInput } from "../flow/node/value.ts";
import { callImages, nodeListener } from "../flow/python-call.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import type { PythonSignature } from "../python/message.ts";
import { WorkerFailure } from "../python/process.ts";
import type { PythonCall } from "../python/session.ts";
import { loadAssistants } from "./assistant.ts";
import { checkInit, findConnections, sourceFile } from "./python-source.ts";
import { answerQuestion } from "./question.ts";

export const PYTHON_TOOL: NodeTool = {
  id: "python",
  answer: answerQuestion,
  async prepare(node: NodeDefinition, context: PrepareContext): Promise<PreparedNode> {
    const file = sourceFile(node, node.source?.path, context.directory);
    const signature = await context.python().load(file);
    const literals = await literalImages(convertLiterals(node, signature.inputs), { node, signature, context });
    const { inputs, assistants } = await loadAssistants(literals, node, { signature, context });
    const connections = await findConnections(node, signature, context);
    checkInit(signature, inputs);
    const written = writtenLiterals(inputs, signature.inputs);
    const optional = Object.entries(signature.inputs).filter(([, parameter]) => parameter.has_default);
    return {
      inputs,
      streaming: signature.generator ? "always" : "never",
      readsStreams: true,
      optionalInputs: new Set(optional.map(([name]) => name)),
      function: functionName(signature),
      run: (call) =>
        callPython(call, {
          file,
          inputs: Object.fromEntries(Object.entries(call.inputs).map(([name, value]) => [name, pythonInput(value)])),
          init: signature.init,
          connections,
          assistants,
          ...callImages(call.inputs, context.messageFormat),
          ...(written && { written }),
          shownFields: call.inner ? [] : call.shownFields,
        }),
    };
  },
};

/** As Python qualifies it. */
export function functionName({ class_name: owner, function: name }: PythonSignature): string {
  return owner === null ? name : `${owner}.${name}`;
}

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
  if (fault.code === "ToolCanceledError") {
    const message = "Tool execution is canceled because: Received cancel request..";
    return new FlowsteadError(fault.code, message, { details: { node, type: fault.class } });
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
  const message = `Execution failure in '${node}': (${fault.class}) ${fault.message}`;
  if (!fault.streaming) return new FlowsteadError("ToolExecutionError", message, { details });
  // The original reads what a node yields after the node, and blames nobody.
  const told = { chain: `SystemError/${fault.class}`, original: fault.message };
  return new FlowsteadError("ToolExecutionError", message, { status: 500, details: { ...details, ...told } });
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
      const { code, message, details } = FlowsteadError.from(thrown);
      const type = typeof details?.["type"] === "string" ? details["type"] : code;
      throw new FlowsteadError(
        "NodeInputValidationError",
        `Failed to load image for input '${name}': (${type}) ${message}`,
        { cause: thrown, details: { node: node.name, input: name } },
      );
    }
  }
  return converted;
}
