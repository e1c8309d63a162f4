// The inputs and outputs of a flow from its `/swagger.json`: the inverse of `flow/swagger.ts`, as far as that document goes.

import { z } from "zod";
import type { FlowSignature } from "../../flow/target.ts";

const field = z.looseObject({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
});
const fields = z.record(z.string(), field).optional();

const document = z.looseObject({
  info: z
    .looseObject({
      title: z.string().optional(),
      "x-flow-name": z.string().optional(),
      "x-chat-input": z.string().optional(),
      "x-chat-output": z.string().optional(),
      "x-chat-history": z.string().optional(),
    })
    .optional(),
  paths: z.looseObject({
    "/score": z.looseObject({
      post: z.looseObject({
        requestBody: z
          .looseObject({
            content: z.looseObject({
              "application/json": z.looseObject({ schema: z.looseObject({ properties: fields }) }),
            }),
          })
          .optional(),
        responses: z.looseObject({
          "200": z.looseObject({
            content: z.looseObject({
              "application/json": z.looseObject({ schema: z.looseObject({ properties: fields }) }),
            }),
          }),
        }),
      }),
    }),
  }),
});

const FLOW_TYPE: Readonly<Record<string, string>> = {
  integer: "int",
  number: "double",
  boolean: "bool",
  string: "string",
  array: "list",
  object: "object",
};
/** Names that chat flows give their answer, which is what a flow streams, when the document does not name it. */
const ANSWERS = ["answer", "reply", "chat_output", "output"];

/** @throws ZodError when it is no document of a flow. */
export function readSwagger(swagger: unknown): FlowSignature {
  const { info = {}, paths } = document.parse(swagger);
  const { requestBody, responses } = paths["/score"].post;
  const inputs = Object.entries(requestBody?.content["application/json"].schema.properties ?? {});
  const outputs = Object.entries(responses["200"].content["application/json"].schema.properties ?? {});
  const answer =
    info["x-chat-output"] ??
    ANSWERS.find((name) => outputs.some(([other, { type }]) => other === name && type === "string"));
  return {
    name: info["x-flow-name"] ?? info.title ?? "remote",
    inputs: inputs.map(([name, { type = "object", description, default: value }]) => ({
      name,
      type: FLOW_TYPE[type] ?? "object",
      isChatInput: name === info["x-chat-input"],
      isChatHistory: name === info["x-chat-history"],
      ...(description === undefined ? {} : { description }),
      ...(value === undefined ? {} : { default: value }),
    })),
    outputs: outputs.map(([name, { type = "object", description }]) => ({
      name,
      type: FLOW_TYPE[type] ?? "object",
      isChatOutput: name === info["x-chat-output"],
      evaluationOnly: false,
      streamed: name === answer,
      ...(description === undefined ? {} : { description }),
    })),
    ...(outputs.length === 0 ? { bareOutput: true } : {}),
  };
}
