// The SerpAPI tool: a web search whose result is the service's JSON.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, isMap, pyStr, toNumber } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { plainInput } from "../flow/node/value.ts";
import { parseTyped } from "../flow/value.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { callHttp, jsonOf } from "./http-call.ts";
import { packageConnection } from "./package-input.ts";

const CONNECTIONS = ["SerpConnection"];
const SERVICE = "https://serpapi.com";

const PARAMETERS = {
  connection: { type: CONNECTIONS },
  query: { type: ["string"] },
  location: { type: ["string"] },
  safe: { type: ["string"] },
  num: { type: ["int"] },
  engine: { type: ["string"] },
};

export const SERP_API_TOOL: NodeTool = {
  id: "promptflow.tools.serpapi.SerpAPI.search",
  aliases: ["promptflow.tools.serpapi.search"],
  async prepare(node: NodeDefinition, { resources }: PrepareContext): Promise<PreparedNode> {
    const connection = await packageConnection(node, resources, CONNECTIONS);
    const { connection: _connection, ...inputs } = convertLiterals(node, PARAMETERS);
    return {
      inputs,
      streaming: "never",
      optionalInputs: new Set(["location", "safe", "num", "engine"]),
      run: (call) => search(call, connection),
    };
  },
};

async function search(call: NodeCall, connection: Connection): Promise<Value> {
  const parameters = queryOf(call, connection);
  const base = pyStr(connection.configs["api_base"] ?? SERVICE).replace(/\/+$/, "");
  const failed = (code: "SerpAPISystemError" | "SerpAPIUserError", message: string, cause?: unknown): FlowsteadError =>
    new FlowsteadError(code, message, { details: { node: call.node }, ...(cause === undefined ? {} : { cause }) });
  let answer: { status: number; text: string };
  try {
    answer = await callHttp({ method: "GET", url: `${base}/search?${parameters.toString()}` }, call.signal);
  } catch (thrown) {
    const error = FlowsteadError.from(thrown);
    if (error.code === "Canceled") throw error;
    throw failed("SerpAPISystemError", `SerpAPI search request failed: ${error.message}`, error);
  }
  const { status, text } = answer;
  const body = jsonOf(text);
  if (status === 200 && body !== undefined) return body;
  const said = isMap(body) && body["error"] !== undefined ? pyStr(body["error"]) : "";
  const message = said || `SerpAPI search request failed: ${text.slice(0, 2000)}`;
  throw failed(status >= 400 && status < 500 ? "SerpAPIUserError" : "SerpAPISystemError", message);
}

/** The two engines have other names for how many results there may be and for safe search. */
function queryOf({ node, inputs }: NodeCall, { secrets }: Connection): URLSearchParams {
  const text = (name: string): string => pyStr(plainInput(inputs[name] ?? ""));
  const engine = text("engine") || "google";
  const isGoogle = engine.toLowerCase() === "google";
  const parameters = new URLSearchParams({ source: "python", output: "json", q: text("query") });
  if (text("location") !== "" && inputs["location"] !== null) parameters.set("location", text("location"));
  parameters.set("engine", engine);
  if (text("safe") === "active") parameters.set(isGoogle ? "safe" : "safeSearch", isGoogle ? "Active" : "Strict");
  const number = inputs["num"] === undefined ? 10 : countOf(node, plainInput(inputs["num"]));
  if (number > 0) parameters.set(isGoogle ? "num" : "count", String(number));
  // The service takes its key nowhere else; the address is in no log and no message.
  parameters.set("api_key", secrets["api_key"] ?? "");
  return parameters;
}

function countOf(node: string, value: Value): number {
  try {
    return toNumber(parseTyped("int", value) as number);
  } catch (thrown) {
    const message = `Execution failure in '${node}': (ValueError) ${(thrown as Error).message}`;
    throw new FlowsteadError("ToolExecutionError", message, { cause: thrown, details: { node } });
  }
}
