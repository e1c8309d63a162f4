// Tools of installed Python packages, and custom LLM tools: such a tool that is given a prompt's template.

import { FlowsteadError } from "../base/error/error.ts";
import type { Assignment, NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { pythonInput } from "../flow/node/value.ts";
import { callImages } from "../flow/python-call.ts";
import type { NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { compileTemplate } from "../prompt/template.ts";
import type { PackageSignature } from "../python/message.ts";
import { packageFile } from "../python/pool.ts";
import { loadPackage } from "./package-load.ts";
import { checkInit, findConnections } from "./python-source.ts";
import { callPython, functionName } from "./python.ts";
import { callerInputs, readTemplate, refuseReserved } from "./template-source.ts";

export const PACKAGE_TOOL: NodeTool = {
  id: "package",
  async prepare(node: NodeDefinition, context: PrepareContext): Promise<PreparedNode> {
    const id = node.source?.tool ?? "";
    const signature = await loadPackage(id, context);
    const inputs: Record<string, Assignment> = {
      ...convertLiterals(node, signature.inputs),
      ...promptInput(node, signature, context.directory),
      ...escapes(node, signature),
    };
    const connections = await findConnections(node, signature, context);
    checkInit({ ...signature, name: signature.title }, inputs);
    const optional = Object.entries(signature.inputs).filter(([, parameter]) => parameter.has_default);
    const { streaming_option: option } = signature;
    return {
      inputs,
      streaming: signature.generator ? "always" : option === null ? "never" : "optional",
      readsStreams: true,
      optionalInputs: new Set(optional.map(([name]) => name)),
      function: functionName(signature),
      run: (call) =>
        callPython(call, {
          file: packageFile(id),
          inputs: {
            ...Object.fromEntries(Object.entries(call.inputs).map(([name, value]) => [name, pythonInput(value)])),
            ...(option !== null && call.stream ? { [option]: true } : {}),
          },
          init: signature.init,
          connections,
          ...callImages(call.inputs, context.messageFormat),
          shownFields: call.inner ? [] : call.shownFields,
        }),
    };
  },
};

/** A custom LLM tool is told which inputs are a caller's own: in its prompt their text must not become a role. */
function escapes(node: NodeDefinition, { takes_escapes: isTold }: PackageSignature): Record<string, Assignment> {
  const names = node.type === "custom_llm" && isTold ? callerInputs(node) : [];
  return names.length === 0 ? {} : { _inputs_to_escape: { kind: "literal", value: names } };
}

/** The template goes to the tool as it is written: rendering it is the tool's business. */
function promptInput(
  node: NodeDefinition,
  signature: PackageSignature,
  directory: string,
): Record<string, { kind: "literal"; value: string }> {
  if (node.source?.type !== "package_with_prompt") return {};
  const { text, file } = readTemplate(node, directory);
  const { undeclaredVariables } = compileTemplate(text, { file });
  refuseReserved(node.name, undeclaredVariables, signature.declared, "inputs of custom llm tool");
  if (signature.prompt === null) {
    throw new FlowsteadError(
      "InvalidCustomLLMTool",
      `Invalid Custom LLM tool ${signature.name}: function ${signature.function} is missing a prompt template argument.`,
      { details: { node: node.name } },
    );
  }
  return { [signature.prompt]: { kind: "literal", value: text } };
}
