// The embedding tool: one text to one list of floats.

import { FlowsteadError } from "../base/error/error.ts";
import { float, pyStr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals, nodeConnection } from "../flow/literal.ts";
import { telling } from "../flow/node-call.ts";
import { plainInput } from "../flow/node-value.ts";
import type { NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";

const CONNECTIONS = ["AzureOpenAIConnection", "OpenAIConnection", "ServerlessConnection"];

const PARAMETERS = {
  connection: { type: CONNECTIONS },
  deployment_name: { type: ["string"] },
  model: { type: ["string"] },
  input: { type: ["string"] },
};

export const EMBEDDING_TOOL: NodeTool = {
  id: "promptflow.tools.embedding.embedding",
  async prepare(node: NodeDefinition, { resources }: PrepareContext): Promise<PreparedNode> {
    const inputs = convertLiterals(node, PARAMETERS);
    const { connection } = inputs;
    if (connection?.kind !== "literal") {
      throw new FlowsteadError("NodeInputValidationError", `Input 'connection' for node '${node.name}' is missing.`);
    }
    const name = pyStr(connection.value);
    const { type } = await nodeConnection(resources, name, node.name);
    if (!CONNECTIONS.includes(type)) {
      throw new FlowsteadError("InvalidConnectionType", `Connection type ${type} is not supported for embedding.`);
    }
    return {
      inputs,
      streaming: "never",
      optionalInputs: new Set(["deployment_name", "model"]),
      run: async (call) => {
        const { inputs: given, signal, node: nodeName } = call;
        const embedder = await resources.embedder(name);
        if (!embedder) {
          throw new FlowsteadError(
            "FlowWithoutEmbedder",
            `Node '${nodeName}' needs an embedding model behind connection '${name}' and there is none.`,
            { details: { node: nodeName, connection: name } },
          );
        }
        const input = pyStr(plainInput(given["input"] ?? ""));
        const running = call.began({
          kind: "embedding",
          name: "openai_embeddings",
          target: embedder.fingerprint,
          inputs: () => ({ input }),
        });
        const [vector] = await telling(running, embedder.embed([input], "query", signal), () => ({}));
        return Array.from(vector ?? [], float);
      },
    };
  },
};
