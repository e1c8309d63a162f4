// The inputs and outputs of a flow.flex.yaml: what its file declares beside what its code does. Who runs the flow goes by
// the file first; its server tells and asks for what the code declares, as the original does.

import { pyStr } from "../base/value.ts";
import type { EntrySignature, PythonParameter } from "../python/message.ts";
import type { FlowDefinition, InputDefinition } from "./definition.ts";
import type { FlowInput, FlowOutput, FlowPorts } from "./target.ts";

export interface FlexInputs {
  /** As callers see them. */
  shown: InputDefinition[];
  /** As a call takes them. */
  taken: InputDefinition[];
  /** May be left out although no default is taken: the code has one. */
  optional: ReadonlySet<string>;
}

/** @param typed whether the code's types and defaults count, as those of the file do, where the file declares nothing */
export function flexInputs({ inputs }: FlowDefinition, signature: EntrySignature, typed: boolean): FlexInputs {
  const declared = inputs.map((input) => {
    const type = input.type || (signature.inputs[input.name]?.type[0] ?? "object");
    // An empty text says that the code has a default, which may be of any type.
    return input.default === "" ? { ...input, type, default: null, isUntyped: true } : { ...input, type };
  });
  const names = new Set(declared.map(({ name }) => name));
  const parameters = Object.entries(signature.inputs).filter(([name]) => !names.has(name));
  const inferred = parameters.map(([name, parameter]) => fromParameter(name, parameter));
  const optional = [
    ...inputs.filter((input) => input.default === "").map(({ name }) => name),
    ...parameters.filter(([, parameter]) => parameter.has_default).map(([name]) => name),
  ];
  return {
    shown: [...declared, ...inferred],
    taken: [
      ...declared,
      ...(typed ? inferred : inferred.map(({ default: _own, ...rest }) => ({ ...rest, isUntyped: true }))),
    ],
    optional: new Set(optional),
  };
}

const SCALARS = new Set(["string", "int", "double", "bool"]);

function fromParameter(name: string, parameter: PythonParameter): InputDefinition {
  const { has_default: hasDefault, default: value = null } = parameter;
  const type = typeOf(parameter);
  const input = { name, type, isChatInput: false };
  if (!hasDefault) return input;
  if (value === null || value === "") return { ...input, isUntyped: true };
  return SCALARS.has(type) ? { ...input, default: value } : input;
}

/** Inputs of the code, or of the file where the code has none; outputs of the code where it declares fields. */
export function servedPorts(definition: FlowDefinition, { inputs, outputs }: EntrySignature): FlowPorts {
  const parameters = Object.entries(inputs);
  const fields = Object.entries(outputs ?? {});
  return {
    inputs:
      parameters.length > 0
        ? parameters.map(([name, parameter]) => servedInput(name, parameter))
        : definition.inputs.map((input) => ({ ...input, isChatHistory: input.isChatHistory === true })),
    outputs:
      fields.length > 0
        ? fields.map(([name, type]) => ({ ...NO_MARKS, name, type }))
        : definition.outputs.map(({ reference: _reference, ...output }) => ({ ...output, streamed: false })),
  };
}

const NO_MARKS: Omit<FlowOutput, "name" | "type"> = { isChatOutput: false, evaluationOnly: false, streamed: false };

/** Its default is Python's text of it, whatever its type, or the value of an enum; None is an empty text, which is not shown. */
function servedInput(name: string, parameter: PythonParameter): FlowInput {
  const { has_default: hasDefault, default: value } = parameter;
  const isEnum = parameter.enum !== undefined;
  return {
    name,
    type: typeOf(parameter),
    ...(hasDefault ? { default: isEnum ? value : pyStr(value ?? ""), optional: true } : {}),
    isChatInput: false,
    isChatHistory: false,
  };
}

function typeOf({ type: [type = "object"] }: PythonParameter): string {
  return type;
}
