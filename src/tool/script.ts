// The `typescript` and `javascript` nodes: one function of a file of the flow, run in a thread.

import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson, plain } from "../base/json.ts";
import { pyStr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { type NodeValue, plainInput } from "../flow/node/value.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { findConnections } from "./python-source.ts";
import { type ScriptSignature, readSignature } from "./script/signature.ts";
import { ScriptFailure, type ScriptPool, scriptPool } from "./script/thread-pool.ts";

/** @param apart runs scripts in processes of their own: for a process that holds keys */
export function scriptTool({ apart }: { apart: boolean }): NodeTool {
  return { id: "typescript", aliases: ["javascript"], prepare: (node, context) => prepare(node, context, apart) };
}

async function prepare(node: NodeDefinition, context: PrepareContext, apart: boolean): Promise<PreparedNode> {
  const { file, full } = sourceFile(node, context.directory);
  const signature = readSignature(readFileSync(full, "utf8"), file);
  checkInputs(node, signature, file);
  const inputs = convertLiterals(node, signature.inputs);
  const connections = await findConnections(node, signature, context);
  const { name, order } = signature;
  const directory = realpathSync(context.directory);
  const pool = scriptPool({ file: full, name, order }, { directory, env: context.env, apart });
  const optional = Object.entries(signature.inputs).filter(([, parameter]) => parameter.has_default);
  return {
    inputs,
    streaming: signature.generator ? "always" : "never",
    optionalInputs: new Set(optional.map(([input]) => input)),
    run: (call) => {
      const values: Record<string, unknown> = {};
      for (const [input, value] of Object.entries(call.inputs)) values[input] = plain(plainInput(value));
      for (const [input, { connection }] of Object.entries(connections)) {
        const { configs, secrets, name, type } = connection;
        values[input] = { name, type, ...(plain(configs) as object), ...secrets };
      }
      return callScript(pool, call, values);
    },
    close: () => pool.close(),
  };
}

async function callScript(pool: ScriptPool, call: NodeCall, inputs: Record<string, unknown>): Promise<NodeValue> {
  try {
    const json = await pool.call(
      {
        inputs,
        onText: (text) => void call.emitText(text),
        onLog: (stream, text) => call.log(stream, text),
      },
      call.signal,
    );
    return parseJson(json);
  } catch (thrown) {
    if (thrown instanceof FlowsteadError && thrown.code === "ScriptThreadCrashed") {
      throw new FlowsteadError(thrown.code, thrown.message, { cause: thrown, details: { node: call.node } });
    }
    if (!(thrown instanceof ScriptFailure)) throw thrown;
    const { type, message, stack, loading } = thrown.fault;
    const what = loading ? "Its script cannot be loaded: " : "";
    throw new FlowsteadError("ToolExecutionError", `Execution failure in '${call.node}': (${type}) ${what}${message}`, {
      details: { node: call.node, type, message, traceback: stack, ...place(stack) },
    });
  }
}

/** File and line of the uppermost frame. */
function place(stack: string): { filename?: string; lineno?: number } {
  const match = /([^\s()]+):(\d+):\d+\)?$/m.exec(stack.split("\n").find((line) => /^\s+at /.test(line)) ?? "");
  return match ? { filename: match[1] ?? "", lineno: Number(match[2]) } : {};
}

function sourceFile(node: NodeDefinition, directory: string): { file: string; full: string } {
  const file = node.source?.path;
  const full = file === undefined ? undefined : path.join(directory, file);
  if (file === undefined || full === undefined || !statSync(full, { throwIfNoEntry: false })?.isFile()) {
    throw new FlowsteadError(
      "InvalidSource",
      `Load tool failed for node '${node.name}'. Tool file '${file ?? "None"}' can not be found.`,
      { details: { node: node.name, file } },
    );
  }
  if (/\.(?:ts|mts|js|mjs)$/.test(file)) return { file, full: realpathSync(full) };
  throw new FlowsteadError(
    "InvalidSource",
    `Load tool failed for node '${node.name}'. '${file}' is no script: its name must end in .ts, .mts, .js or .mjs.`,
    { details: { node: node.name, file } },
  );
}

function checkInputs(node: NodeDefinition, { inputs, acceptsAny, name }: ScriptSignature, file: string): void {
  const fault = (message: string, input: string): FlowsteadError =>
    new FlowsteadError("NodeInputValidationError", message, { details: { node: node.name, input } });
  for (const [input, parameter] of Object.entries(inputs)) {
    const given = node.inputs[input];
    const isEmpty = !given || (given.kind === "literal" && (given.value === null || given.value === ""));
    if (isEmpty && !parameter.has_default) {
      throw fault(`Input '${input}' for node '${node.name}' is missing: '${name}' of ${file} needs it.`, input);
    }
    const allowed = parameter.enum;
    if (!allowed || given?.kind !== "literal" || isEmpty || allowed.includes(pyStr(given.value))) continue;
    const known = allowed.map((one) => `'${one}'`).join(", ");
    throw fault(
      `Input '${input}' for node '${node.name}' of value '${pyStr(given.value)}' is none of ${known}.`,
      input,
    );
  }
  const unknown = acceptsAny ? undefined : Object.keys(node.inputs).find((input) => !Object.hasOwn(inputs, input));
  if (unknown === undefined) return;
  const known = Object.keys(inputs).join(", ") || "none";
  throw fault(
    `Input '${unknown}' for node '${node.name}' is no parameter of '${name}' in ${file}. It has: ${known}.`,
    unknown,
  );
}
