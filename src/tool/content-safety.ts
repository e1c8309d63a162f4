// The content safety tool: a text judged by category, and what is to become of it.

import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { type Value, type ValueMap, isFloat, isInt, isMap, pyRepr, pyStr, toNumber } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { plainInput } from "../flow/node/value.ts";
import type { NodeCall, NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { callHttp, jsonOf } from "./http-call.ts";
import { packageConnection } from "./package-input.ts";

const CONNECTIONS = ["AzureContentSafetyConnection"];

/** In the order of the result. `field` is where versions before 2023-10-01 have it. */
const CATEGORIES = [
  { name: "Hate", input: "hate_category", field: "hateResult" },
  { name: "SelfHarm", input: "self_harm_category", field: "selfHarmResult" },
  { name: "Sexual", input: "sexual_category", field: "sexualResult" },
  { name: "Violence", input: "violence_category", field: "violenceResult" },
] as const;

/** From which severity on a text is rejected; -1 is never. */
const THRESHOLDS: Record<string, number> = {
  disable: -1,
  low_sensitivity: 6,
  medium_sensitivity: 4,
  high_sensitivity: 2,
};

const PARAMETERS = {
  connection: { type: CONNECTIONS },
  text: { type: ["string"] },
  ...Object.fromEntries(CATEGORIES.map(({ input }) => [input, { type: ["string"] }])),
};

export const CONTENT_SAFETY_TOOL: NodeTool = {
  id: "promptflow.tools.azure_content_safety.analyze_text",
  aliases: [
    "promptflow.tools.azure_content_safety.AzureContentSafety.analyze_text",
    "content_safety_text.tools.content_safety_text_tool.analyze_text",
  ],
  async prepare(node: NodeDefinition, { resources }: PrepareContext): Promise<PreparedNode> {
    const connection = await packageConnection(node, resources, CONNECTIONS);
    const { connection: _connection, ...inputs } = convertLiterals(node, PARAMETERS);
    return {
      inputs,
      streaming: "never",
      optionalInputs: new Set(CATEGORIES.map(({ input }) => input)),
      run: async (call) => decide(call, await analyze(call, connection), connection),
    };
  },
};

async function analyze(call: NodeCall, { configs, secrets }: Connection): Promise<ValueMap> {
  const endpoint = pyStr(configs["endpoint"] ?? "").replace(/\/+$/, "");
  const version = encodeURIComponent(pyStr(configs["api_version"] ?? ""));
  const { status, text } = await callHttp(
    {
      method: "POST",
      url: `${endpoint}/contentsafety/text:analyze?api-version=${version}`,
      headers: {
        "ocp-apim-subscription-key": secrets["api_key"] ?? "",
        "content-type": "application/json",
        "ms-azure-ai-sender": "prompt_flow",
      },
      body: JSON.stringify({ text: plain(plainInput(call.inputs["text"] ?? "")), blocklistNames: [] }),
    },
    call.signal,
  );
  const body = jsonOf(text);
  if (status === 200 && isMap(body)) return body;
  const error = isMap(body) ? body["error"] : undefined;
  const said = isMap(error) ? pyStr(error["message"] ?? "") : `the service answered with status ${status}`;
  throw new FlowsteadError("AzureContentSafetySystemError", `Error in detecting content: ${said}`, {
    details: { node: call.node, status },
  });
}

function decide(call: NodeCall, found: ValueMap, { configs }: Connection): ValueMap {
  const isNew = configs["api_version"] === "2023-10-01";
  const actions: Record<string, string> = {};
  for (const category of CATEGORIES) {
    const threshold = thresholdOf(call, category.input);
    const severity = isNew ? newSeverity(found, category.name) : severityOf(found[category.field], category.name);
    actions[category.name] = threshold !== -1 && severity >= threshold ? "Reject" : "Accept";
  }
  const matches = found[isNew ? "blocklistsMatch" : "blocklistsMatchResults"];
  const isBlocked = Array.isArray(matches) && matches.length > 0;
  const isRejected = isBlocked || Object.values(actions).includes("Reject");
  return { suggested_action: isRejected ? "Reject" : "Accept", action_by_category: actions };
}

function thresholdOf(call: NodeCall, input: string): number {
  const sensitivity = pyStr(plainInput(call.inputs[input] ?? "medium_sensitivity"));
  const threshold = THRESHOLDS[sensitivity];
  if (threshold !== undefined) return threshold;
  throw new FlowsteadError(
    "AzureContentSafetyInputValueError",
    `Non-supported sensitivity: ${pyRepr(sensitivity)} of input '${input}'. Use one of: ${Object.keys(THRESHOLDS).join(", ")}.`,
    { details: { node: call.node, input } },
  );
}

function newSeverity(found: ValueMap, name: string): number {
  const all = found["categoriesAnalysis"];
  const one = Array.isArray(all) ? all.find((item) => isMap(item) && item["category"] === name) : undefined;
  if (one === undefined) {
    throw new FlowsteadError("AzureContentSafetyInputValueError", `Invalid Category Category.${name}`);
  }
  return severityOf(one, name);
}

function severityOf(result: Value | undefined, name: string): number {
  const severity = isMap(result) ? result["severity"] : undefined;
  if (isInt(severity) || isFloat(severity)) return toNumber(severity);
  throw new FlowsteadError("AzureContentSafetySystemError", `Can not find detection result for Category.${name}`);
}
