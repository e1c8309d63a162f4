// Tools, and the forms of an answer that are asked for by one.

import { cacheMark } from "./cache-mark.ts";
import { type Parameters, rejected } from "./parameter.ts";

/** The name of the tool that a JSON schema becomes where it can: there is no model that does not know that way. */
export const JSON_TOOL = "answer_in_json";

interface OfferedTool {
  type?: string;
  function?: { name: string; description?: string; parameters?: unknown; strict?: boolean | null };
}

/** @param config `output_config` as far as it is known. @throws FlowsteadError `ModelRejected`. */
export function toolsOf(parameters: Parameters, config: unknown): Record<string, unknown> {
  const offered = (parameters.tools ?? []) as OfferedTool[];
  if (wantsJson(parameters)) {
    const tool = { name: JSON_TOOL, description: "Gives the answer.", input_schema: schemaOf(parameters) };
    return { tools: [tool], tool_choice: { type: "tool", name: JSON_TOOL } };
  }
  const format = formatOf(parameters, config);
  if (offered.length === 0) return format;
  const choice = toolChoice(parameters);
  return { ...format, tools: offered.map(toolOf), ...(choice ? { tool_choice: choice } : {}) };
}

/** Whether the text of the answer comes as the call of a tool. */
export function wantsJson(parameters: Parameters): boolean {
  return schemaOf(parameters) !== undefined && mayForceTool(parameters);
}

/** A model that thinks cannot be made to call a tool, and one with tools of the caller's own is to choose among those. */
function mayForceTool({ tools, thinking }: Parameters): boolean {
  const { type = "disabled" } = (thinking ?? {}) as { type?: string };
  return type === "disabled" && !(Array.isArray(tools) && tools.length > 0);
}

function schemaOf(parameters: Parameters): unknown {
  const format = parameters.response_format as { type?: string; json_schema?: { schema?: unknown } } | undefined;
  if (format?.type === "json_schema") return format.json_schema?.schema ?? { type: "object" };
  return format?.type === "json_object" ? { type: "object", additionalProperties: true } : undefined;
}

function toolOf(offered: OfferedTool): Record<string, unknown> {
  const { type, function: tool } = offered;
  if (!tool) throw rejected("tools", `there are functions only, and no tools of type "${type}"`);
  const { name, description, parameters: schema = { type: "object", properties: {} }, strict } = tool;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: schema,
    ...(strict ? { strict } : {}),
    ...cacheMark(offered, tool),
  };
}

/** The API's own way to a schema, which newer models know. */
function formatOf(parameters: Parameters, config: unknown): Record<string, unknown> {
  const schema = schemaOf(parameters);
  if (schema === undefined) return {};
  if ((parameters.response_format as { type: string }).type === "json_object")
    throw rejected("response_format", "json_object goes with neither tools nor thinking; give a json_schema");
  return { output_config: { ...(config as object | undefined), format: { type: "json_schema", schema } } };
}

function toolChoice({ tool_choice: choice, parallel_tool_calls: parallel }: Parameters): object | undefined {
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (choice === "none") return { type: "none" };
  if (choice === "required") return { type: "any", ...single };
  const { type, function: named } = (typeof choice === "object" && choice ? choice : {}) as OfferedTool;
  if (type !== undefined && !named) throw rejected("tool_choice", `there is no choice of type "${type}"`);
  const name = named?.name;
  if (name !== undefined) return { type: "tool", name, ...single };
  return parallel === false ? { type: "auto", ...single } : undefined;
}
