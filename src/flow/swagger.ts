// The OpenAPI document of a served flow, in the original's shape (`/swagger.json`).

import { type Value, truthy } from "../base/value.ts";
import type { FlowInput, FlowPorts, FlowSignature } from "./target.ts";

const SCHEMA_TYPE: Record<string, Record<string, unknown>> = {
  int: { type: "integer" },
  double: { type: "number" },
  bool: { type: "boolean" },
  string: { type: "string" },
  list: { type: "array", items: { type: "object", additionalProperties: {} } },
  object: { type: "object", additionalProperties: {} },
  image: { type: "object" },
};

const OBJECT = { "application/json": { schema: { type: "object", additionalProperties: {} } } };

const FEEDBACK = {
  parameters: [
    {
      name: "flatten",
      in: "query",
      description: "flatten the feedback data into traced data",
      required: false,
      schema: { type: "boolean" },
    },
  ],
  post: {
    summary: "collect promptflow feedback",
    requestBody: { description: "promptflow feedback data", required: true, content: OBJECT },
    responses: {
      "200": { description: "successful operation", content: OBJECT },
      "400": { description: "Invalid input" },
      default: { description: "unexpected error" },
    },
  },
};

export interface SwaggerOptions {
  /** Stands as the example of a request. */
  sample?: Record<string, unknown> | undefined;
  /** Outputs that are not answered, besides those for evaluation only. */
  hidden?: ReadonlySet<string>;
}

export function swagger(
  signature: FlowSignature,
  { sample, hidden = new Set() }: SwaggerOptions = {},
): Record<string, unknown> {
  const { inputs, outputs } = signature.served ?? signature;
  const schema: Record<string, unknown> = { type: "object" };
  if (inputs.length > 0) {
    schema["properties"] = Object.fromEntries(inputs.map((input) => [input.name, inputSchema(input)]));
    schema["required"] = inputs.map((input) => input.name);
  }
  const answer: Record<string, unknown> = { type: "object" };
  if (outputs.length > 0) {
    const shown = outputs.filter(({ name, evaluationOnly }) => !evaluationOnly && !hidden.has(name));
    answer["properties"] = Object.fromEntries(shown.map((output) => [output.name, fieldSchema(output)]));
  }
  return {
    openapi: "3.0.0",
    info: {
      title: `Promptflow[${signature.name}] API`,
      version: "1.0.0",
      "x-flow-name": signature.name,
      ...chatInfo({ inputs, outputs }),
    },
    components: { securitySchemes: { bearerAuth: { type: "http", scheme: "bearer" } } },
    paths: {
      "/score": {
        post: {
          summary: `run promptflow: ${signature.name} with an given input`,
          requestBody: {
            description: "promptflow input data",
            required: inputs.length > 0,
            content: { "application/json": { schema, example: sample ?? {} } },
          },
          responses: {
            "200": {
              description: "successful operation",
              content: {
                "application/json": { schema: answer },
              },
            },
            "400": { description: "Invalid input" },
            default: { description: "unexpected error" },
          },
        },
      },
      "/feedback": FEEDBACK,
    },
    security: [{ bearerAuth: [] }],
  };
}

function inputSchema(input: FlowInput): Record<string, unknown> {
  const schema = fieldSchema(input);
  // The original shows no default that counts as false in Python.
  if (input.default !== undefined && truthy(input.default as Value)) schema["default"] = input.default;
  return schema;
}

function fieldSchema({ type, description }: { type: string; description?: string }): Record<string, unknown> {
  return { ...(SCHEMA_TYPE[type] ?? { type: "object" }), ...(description ? { description } : {}) };
}

/** What the flow's file marks, as in the original: the last of several, no history that only its name tells. */
function chatInfo({ inputs, outputs }: FlowPorts): Record<string, string> {
  const chatInput = inputs.findLast((input) => input.isChatInput);
  const history = inputs.findLast((input) => input.isChatHistory && !input.isHistoryByName);
  const chatOutput = outputs.findLast((output) => output.isChatOutput && !output.evaluationOnly);
  return {
    ...(chatInput ? { "x-flow-type": "chat", "x-chat-input": chatInput.name } : {}),
    ...(history ? { "x-chat-history": history.name } : {}),
    ...(chatOutput ? { "x-chat-output": chatOutput.name } : {}),
  };
}
