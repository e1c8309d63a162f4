// Runs one line of a flow with the engine itself, and tells it in the words of the cases.

import type { FlowsteadError } from "../../src/base/error/error.ts";
import type { Value, ValueMap } from "../../src/base/value.ts";
import { connectionFromDict } from "../../src/connection/parse.ts";
import { openConnections } from "../../src/connection/source.ts";
import { errorChain } from "../../src/flow/error-chain.ts";
import { type FlowTarget, openFlow } from "../../src/flow/flow-target.ts";
import type { FlowResources } from "../../src/flow/resource.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import type { KindContext } from "./case.ts";
import { recordedModel } from "./recording.ts";

export interface LineError {
  code: string;
  message: string;
}

export interface LineResult {
  status: "Completed" | "Failed";
  output: ValueMap;
  node_status: Record<string, string>;
  bypassed: string[];
  log: string;
  error?: LineError;
}

const STATUS = { completed: "Completed", failed: "Failed", bypassed: "Bypassed", canceled: "Canceled" } as const;

export async function openCase(directory: string, context: KindContext, aggregate = false): Promise<FlowTarget> {
  return openFlow({
    directory,
    tools: BUILT_IN_TOOLS,
    resources: resources(context),
    aggregate,
    python: { env: { PATH: process.env["PATH"], HOME: process.env["HOME"] } },
  });
}

/** Runs one line on a flow that is closed afterwards. */
export async function runLine(flow: FlowTarget, inputs: ValueMap, signal: AbortSignal): Promise<LineResult> {
  const result: LineResult = { status: "Failed", output: {}, node_status: {}, bypassed: [], log: "" };
  try {
    for await (const event of flow.invoke({ inputs }, signal)) {
      if (event.type === "node-end") {
        result.node_status[event.node] = STATUS[event.status];
        if (event.status === "bypassed") result.bypassed.push(event.node);
      }
      if (event.type === "warning") result.log += `${event.message}\n`;
      if (event.type === "node-log") result.log += event.text;
      if (event.type === "error") result.error = { code: errorChain(event.error), message: event.error.message };
      if (event.type === "flow-end") {
        result.status = "Completed";
        result.output = event.outputs;
      }
    }
  } finally {
    await flow.close();
  }
  return result;
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

function resources({ connections, recordings }: KindContext): FlowResources {
  const entries = Object.entries(connections).map(([name, entry]) => connectionFromDict(name, entry));
  const source = openConnections({ entries, env: {}, provider: "dict" });
  return {
    async chatModel(name) {
      await source.get(name);
      return recordedModel(recordings);
    },
    embedder: () => Promise.resolve(undefined),
    searchIndex: (name) => Promise.reject(new Error(`no index ${name} here`)),
    connection: (name) => source.get(name),
  };
}
