// A .prompty file as a flow: one node of type prompty, and the output `output`.

import path from "node:path";
import type { Value, ValueMap } from "../base/value.ts";
import { loadPrompty } from "../prompt/prompty.ts";
import type { FlowDefinition } from "./definition.ts";

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
      type: inputType(declaration["type"]),
      default: declaration["default"] ?? null,
      ...(prompty.isSampled ? { isSampled: true } : {}),
      ...(typeof declaration["description"] === "string" ? { description: declaration["description"] } : {}),
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
    file: path.basename(file),
  };
}

/** An image is for the prompty itself to load: it takes forms that a flow's inputs do not. */
function inputType(written: Value | undefined): string {
  return typeof written === "string" && written !== "image" ? written : "object";
}
