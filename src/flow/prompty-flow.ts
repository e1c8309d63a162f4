// A .prompty file as a flow: one node of type prompty, and the output `output`.

import path from "node:path";
import type { ValueMap } from "../base/value.ts";
import { type Prompty, loadPrompty } from "../prompt/prompty.ts";
import type { FlowDefinition } from "./definition.ts";
import type { FlowPorts } from "./target.ts";

/** @throws FlowsteadError `InvalidPrompty`, `InvalidYaml`, `JinjaTemplateError`. */
export function promptyFlow(file: string, changes: ValueMap = {}): FlowDefinition {
  const prompty = loadPrompty(file, { changes });
  const node = path.basename(file, ".prompty");
  const reference = { kind: "node", node, section: "output", property: "" } as const;
  const names = Object.keys(prompty.inputs);
  return {
    name: prompty.name,
    ...(typeof prompty.head["description"] === "string" ? { description: prompty.head["description"] } : {}),
    inputs: Object.entries(prompty.inputs).map(([name, declaration]) => ({
      name,
      type: inputType(declaration),
      default: declaration["default"] ?? null,
      ...(prompty.isSampled ? { isSampled: true } : {}),
      ...described(declaration),
      isChatInput: declaration["is_chat_input"] === true,
      ...(declaration["is_chat_history"] === true ? { isChatHistory: true } : {}),
    })),
    outputs: [{ name: "output", type: "string", reference, isChatOutput: true, evaluationOnly: false }],
    nodes: [
      {
        name: node,
        type: "prompty",
        source: { type: "code", path: path.basename(file) },
        inputs: Object.fromEntries(names.map((name) => [name, { kind: "input", name }])),
        aggregation: false,
        useVariants: false,
        line: 1,
      },
    ],
    variants: {},
    environmentVariables: {},
    additionalIncludes: [],
    messageFormat: "basic",
    ...(prompty.sample ? { sample: { inputs: prompty.sample } } : {}),
    served: servedPorts(prompty),
    file: path.basename(file),
  };
}

/** What its head declares, as it says it. Its one output has no name unless the head names one. */
function servedPorts({ inputs, isSampled, outputs }: Prompty): FlowPorts {
  return {
    inputs: Object.entries(inputs).map(([name, declaration]) => ({
      name,
      type: typeOf(declaration),
      default: declaration["default"] ?? null,
      ...(isSampled ? { optional: true } : {}),
      ...described(declaration),
      isChatInput: declaration["is_chat_input"] === true,
      isChatHistory: declaration["is_chat_history"] === true,
    })),
    outputs: Object.entries(outputs).map(([name, declaration]) => ({
      name,
      type: typeOf(declaration),
      ...described(declaration),
      isChatOutput: declaration["is_chat_output"] === true,
      evaluationOnly: declaration["evaluation_only"] === true,
      streamed: false,
    })),
  };
}

function described({ description }: ValueMap): { description?: string } {
  return typeof description === "string" ? { description } : {};
}

/** An image is for the prompty itself to load: it takes forms that a flow's inputs do not. */
function inputType(declaration: ValueMap): string {
  const type = typeOf(declaration);
  return type === "image" ? "object" : type;
}

function typeOf({ type }: ValueMap): string {
  return typeof type === "string" ? type : "object";
}
