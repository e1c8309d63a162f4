import type { FlowDefinition, InputDefinition } from "./definition.ts";
import type { FlowPlan } from "./plan.ts";
import type { FlowSignature } from "./target.ts";

/** The input that takes the conversation: the one marked, else the one named `chat_history`. */
export function chatHistoryInput(inputs: readonly InputDefinition[]): InputDefinition | undefined {
  return (
    inputs.find(({ isChatHistory }) => isChatHistory) ??
    inputs.find(({ name, isChatHistory }) => name === "chat_history" && isChatHistory !== false)
  );
}

/** What callers of a flow may send and get back. */
export function flowSignature(plan: FlowPlan): FlowSignature {
  const definition: FlowDefinition = plan.definition;
  const history = chatHistoryInput(definition.inputs);
  const signature: FlowSignature = {
    name: plan.name,
    inputs: definition.inputs.map((input) => {
      const described: FlowSignature["inputs"][number] = {
        name: input.name,
        type: input.type,
        isChatInput: input.isChatInput,
        isChatHistory: input === history,
      };
      if (input.default !== undefined && input.default !== null) described.default = input.default;
      else if (input.isSampled || plan.optionalInputs?.has(input.name)) described.optional = true;
      if (input.description !== undefined) described.description = input.description;
      if (input === history && !input.isChatHistory) described.isHistoryByName = true;
      return described;
    }),
    outputs: plan.outputs.map(({ definition: output, streamed }) => {
      const described: FlowSignature["outputs"][number] = {
        name: output.name,
        type: output.type,
        isChatOutput: output.isChatOutput,
        evaluationOnly: output.evaluationOnly,
        streamed,
      };
      if (output.description !== undefined) described.description = output.description;
      return described;
    }),
  };
  if (definition.served) signature.served = definition.served;
  if (plan.bareOutput) signature.bareOutput = true;
  if (plan.mayStream) signature.mayStream = true;
  if (definition.description !== undefined) signature.description = definition.description;
  return signature;
}
