// Which of a flow's outputs `/score` answers.

import type { FlowOutput, FlowSignature } from "../flow/target.ts";

const NOTHING: ReadonlySet<string> = new Set();

/** Declared outputs that are not answered: all but those asked for, else those for evaluation only. */
export function hiddenOutputs(signature: FlowSignature, included: readonly string[] | undefined): ReadonlySet<string> {
  const { outputs } = signature.served ?? signature;
  const isHidden = ({ name, evaluationOnly }: FlowOutput): boolean =>
    included ? !included.includes(name) : evaluationOnly;
  return outputs.some(isHidden) ? new Set(outputs.filter(isHidden).map(({ name }) => name)) : NOTHING;
}

/** The signature as a server in front of this one is told it: what is not answered here is for evaluation only there. */
export function answeredSignature(signature: FlowSignature, included: readonly string[] | undefined): FlowSignature {
  if (!included) return signature;
  const { outputs, served } = signature;
  const told = (output: FlowOutput): FlowOutput => ({ ...output, evaluationOnly: !included.includes(output.name) });
  return {
    ...signature,
    outputs: outputs.map(told),
    ...(served ? { served: { ...served, outputs: served.outputs.map(told) } } : {}),
  };
}
