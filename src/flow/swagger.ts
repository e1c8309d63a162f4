// The OpenAPI document of a served flow, in the original's shape (`/swagger.json`).

import type { FlowInput, FlowSignature } from "./target.ts";

const SCHEMA_TYPE: Record<string, Record<string, unknown>> = {
  int: { type: "integer" },
  double: { type: "number" },
  bool: { type: "boolean" },
  string: { type: "string" },
  list: { type: "array", items: { type: "object" } },
  object: { type: "object", additionalProperties: {} },
  image: { type: "object" },
};

export function swagger(signature: FlowSignature, sample?: Record<string, unknown>): Record<string, unknown> {
  const schema: Record<string, unknown> = {
    type: "object",
    properties: Object.fromEntries(signature.inputs.map((input) => [input.name, schemaOf(input.type)])),
  };
  if (signature.inputs.length > 0) schema.required = signature.inputs.map((input) => input.name);
  if (signature.inputs.length > 0) schema.example = sample ?? sampleOf(signature.inputs);
  const outputs = signature.outputs.filter((output) => !output.evaluationOnly);
  return {
    openapi: "3.0.0",
    info: {
      title: `Promptflow[${signature.name}] API`,
      version: "1.0.0",
      "x-flow-name": signature.name,
      ...chatInfo(signature),
    },
    components: { securitySchemes: { bearerAuth: { type: "http", scheme: "bearer" } } },
    paths: {
      "/score": {
        post: {
          summary: `run promptflow: ${signature.name} with an given input`,
          requestBody: {
            description: "promptflow input data",
            required: true,
            content: { "application/json": { schema } },
          },
          responses: {
            "200": {
              description: "successful operation",
              content: {
                "application/json": {
                  schema: {
                    type: "object",
                    properties: Object.fromEntries(outputs.map((output) => [output.name, schemaOf(output.type)])),
                  },
                },
              },
            },
            "400": { description: "Invalid input" },
            default: { description: "unexpected error" },
          },
        },
      },
    },
    security: [{ bearerAuth: [] }],
  };
}

function schemaOf(type: string): Record<string, unknown> {
  return SCHEMA_TYPE[type] ?? { type: "object" };
}

function sampleOf(inputs: FlowInput[]): Record<string, unknown> {
  return Object.fromEntries(inputs.map((input) => [input.name, input.default ?? null]));
}

function chatInfo({ inputs, outputs }: FlowSignature): Record<string, string> {
  const chatInput = inputs.find((input) => input.isChatInput);
  const chatOutput = outputs.find((output) => output.isChatOutput);
  if (!chatInput || !chatOutput) return {};
  const history = inputs.find((input) => input.isChatHistory);
  return {
    "x-flow-type": "chat",
    "x-chat-input": chatInput.name,
    "x-chat-output": chatOutput.name,
    ...(history ? { "x-chat-history": history.name } : {}),
  };
}
