// Flow folders written by tests, and what a run of them gave.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import type { ErrorBody } from "../../src/base/error/error.ts";
import type { Value, ValueMap } from "../../src/base/value.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import { type FlowTarget, type OpenFlowOptions, openFlow } from "../../src/flow/flow-target.ts";
import type { FlowResources } from "../../src/flow/resource.ts";
import type { ChatModel } from "../../src/model/chat-model.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";

export interface Resources {
  model?: ChatModel;
  connections?: Connection[];
}

/** Resources with one model behind every connection, and the connections given. */
export function flowResources({ model, connections = [] }: Resources = {}): FlowResources {
  return {
    chatModel: (name) =>
      model ? Promise.resolve(model) : Promise.reject(new FlowsteadError("ConnectionNotFound", `no ${name}`)),
    embedder: () => Promise.resolve(undefined),
    searchIndex: (name) => Promise.reject(new FlowsteadError("NotFound", `no index ${name}`)),
    connection: (name) => {
      const found = connections.find((connection) => connection.name === name);
      return found ? Promise.resolve(found) : Promise.reject(new FlowsteadError("ConnectionNotFound", `no ${name}`));
    },
  };
}

/** Writes files into a folder of its own that goes with the test. */
export function writeFolder(context: TestContext, files: Record<string, string>): string {
  const directory = mkdtempSync(path.join(tmpdir(), "flow-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
  return directory;
}

/** Opens a flow made of the files given; it is closed with the test. */
export async function openFiles(
  context: TestContext,
  files: Record<string, string>,
  options: Partial<OpenFlowOptions> & Resources = {},
): Promise<FlowTarget> {
  const { model, connections, ...rest } = options;
  const target = await openFlow({
    directory: writeFolder(context, files),
    tools: BUILT_IN_TOOLS,
    resources: flowResources({ model, connections }),
    ...rest,
    python: { env: { PATH: process.env["PATH"] }, ...rest.python },
  });
  context.after(() => target.close());
  return target;
}

export interface RunRecord {
  events: FlowEvent[];
  outputs: ValueMap | undefined;
  error: ErrorBody | undefined;
  /** Status of every node that ended, in the order of their ends. */
  nodes: Record<string, string>;
  /** Values of completed nodes. */
  values: Record<string, Value | undefined>;
  logs: string;
  warnings: string[];
}

export async function runFlow(
  target: FlowTarget,
  inputs: ValueMap = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<RunRecord> {
  const record: RunRecord = {
    events: [],
    outputs: undefined,
    error: undefined,
    nodes: {},
    values: {},
    logs: "",
    warnings: [],
  };
  for await (const event of target.invoke({ inputs }, signal)) {
    record.events.push(event);
    if (event.type === "node-end") {
      record.nodes[event.node] = event.status;
      record.values[event.node] = event.output;
    } else if (event.type === "node-log") record.logs += event.text;
    else if (event.type === "warning") record.warnings.push(event.message);
    else if (event.type === "flow-end") record.outputs = event.outputs;
    else if (event.type === "error") record.error = event.error;
  }
  return record;
}

/** A flow of Python nodes in a row: `a.py` gets input `x`, each further file the output of the one before. */
export function pythonChain(...sources: string[]): Record<string, string> {
  const names = sources.map((_, index) => String.fromCharCode(97 + index));
  const nodes = names.map((name, index) => {
    const input = index === 0 ? "${inputs.x}" : `\${${names[index - 1]}.output}`;
    return `- {name: ${name}, type: python, source: {type: code, path: ${name}.py}, inputs: {x: '${input}'}}`;
  });
  const last = names.at(-1);
  return {
    "flow.dag.yaml": [
      "inputs: {x: {type: object, default: ''}}",
      `outputs: {o: {type: object, reference: '\${${last}.output}'}}`,
      "nodes:",
      ...nodes,
      "",
    ].join("\n"),
    ...Object.fromEntries(
      names.map((name, index) => [`${name}.py`, `from promptflow.core import tool\n\n\n${sources[index]}`]),
    ),
  };
}
