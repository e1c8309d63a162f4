// Runs one line of a flow with the engine itself, and tells it in the words of the cases.

import { parseJson, plain, stringifyJson } from "../../src/base/json.ts";
import type { FlowsteadError } from "../../src/base/error/error.ts";
import type { Value, ValueMap } from "../../src/base/value.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { connectionFromDict } from "../../src/connection/parse.ts";
import { openConnections } from "../../src/connection/source.ts";
import { errorChain, originalMessage } from "../../src/flow/error-chain.ts";
import { type FlowTarget, type OpenFlowOptions, openFlow } from "../../src/flow/flow-target.ts";
import type { FlowResources } from "../../src/flow/resource.ts";
import type { ChatModel } from "../../src/model/chat-model.ts";
import { connectionModel } from "../../src/model/provider/connection.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import type { KindContext } from "./case.ts";
import { recordedModel } from "./recording.ts";

export interface LineError {
  code: string;
  message: string;
}

export interface LineResult {
  status: "Completed" | "Failed" | "Canceled";
  output: ValueMap;
  node_status: Record<string, string>;
  node_output: Record<string, Value>;
  metrics: ValueMap;
  bypassed: string[];
  log: string;
  error?: LineError;
}

/** Where the corpus' connections name the model server. */
const CORPUS_HOST = "127.0.0.1:18080";

const STATUS = { completed: "Completed", failed: "Failed", bypassed: "Bypassed", canceled: "Canceled" } as const;

/** Makes the model behind a connection. */
export type Models = (connection: Connection, context: KindContext) => ChatModel;

/** Answers from the recordings, without HTTP. */
const recordedModels: Models = (_connection, { recordings }) => recordedModel(recordings);

/** Calls the address that the connection names. */
export const httpModels: Models = (connection) => openModel(connectionModel(connection));

export async function openCase(
  directory: string,
  context: KindContext,
  options: { models?: Models } & Pick<OpenFlowOptions, "streaming" | "aggregate" | "node" | "init"> & {
      environmentVariables?: Record<string, string>;
      /** As a command opens it, and not the original's executor, on which most cases were observed. */
      ready?: boolean;
    } = {},
): Promise<FlowTarget> {
  const { models = recordedModels, streaming = false, aggregate = false, node, init, environmentVariables } = options;
  return openFlow({
    directory,
    tools: BUILT_IN_TOOLS,
    resources: resources(context, models),
    aggregate,
    streaming,
    includes: options.ready ?? false, // The original's commands merge and set variables before they call the executor.
    ...(node && { node }),
    ...(init && { init }),
    python: {
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
      ...(environmentVariables && { environmentVariables }),
      ...(context.python === undefined ? {} : { interpreter: context.python }),
    },
  });
}

/** Runs one line on a flow that is closed afterwards. */
export async function runLine(
  flow: FlowTarget,
  inputs: ValueMap,
  { signal, modelPort }: Pick<KindContext, "signal" | "modelPort">,
): Promise<LineResult> {
  const result: LineResult = {
    status: "Failed",
    output: {},
    node_status: {},
    node_output: {},
    metrics: {},
    bypassed: [],
    log: "",
  };
  try {
    for await (const event of flow.invoke({ inputs, settle: true }, signal)) {
      if (event.type === "node-end") {
        result.node_status[event.node] = STATUS[event.status];
        if (event.output !== undefined) result.node_output[event.node] = event.output;
        if (event.status === "bypassed") result.bypassed.push(event.node);
      }
      if (event.type === "metric") result.metrics[event.name] = plain(event.value) as Value;
      if (event.type === "warning") result.log += `${event.message}\n`;
      if (event.type === "node-log") result.log += event.text;
      if (event.type === "error") {
        if (event.error.code === "ToolCanceledError") result.status = "Canceled";
        result.error = { code: errorChain(event.error), message: originalMessage(event.error) };
      }
      if (event.type === "flow-end") {
        result.status = "Completed";
        result.output = event.outputs;
      }
    }
  } finally {
    await flow.close();
  }
  return asObserved(result, modelPort);
}

/** The facts of a failure to load, as cases have them. */
export function createError(thrown: FlowsteadError): { class: string; code: string; message: string; inner: Value } {
  const inner = thrown.details?.["inner"];
  return {
    class: thrown.code,
    code: errorChain(thrown),
    message: thrown.message,
    inner: typeof inner === "string" ? inner : null,
  };
}

function resources(context: KindContext, models: Models): FlowResources {
  const opened = new Map<string, ChatModel>();
  const entries = Object.entries(connectionsOf(context)).map(([name, entry]) => connectionFromDict(name, entry));
  const source = openConnections({ entries, env: {}, provider: "dict" });
  return {
    async chatModel(name) {
      const model = opened.get(name) ?? models(await source.get(name), context);
      opened.set(name, model);
      return model;
    },
    embedder: () => Promise.resolve(undefined),
    searchIndex: (name) => Promise.reject(new Error(`no index ${name} here`)),
    connection: (name) => source.get(name),
  };
}

/** With the address that the corpus knows where the result names the model server. */
function asObserved(result: LineResult, modelPort: number | undefined): LineResult {
  const own = `127.0.0.1:${modelPort}`;
  const text = stringifyJson(result);
  return text.includes(own) ? (parseJson(text.replaceAll(own, CORPUS_HOST)) as unknown as LineResult) : result;
}

function connectionsOf({ connections, modelPort }: KindContext): ValueMap {
  if (modelPort === undefined) return connections;
  return parseJson(stringifyJson(connections).replaceAll(CORPUS_HOST, `127.0.0.1:${modelPort}`)) as ValueMap;
}
