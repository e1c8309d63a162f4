// Environment variables that a flow asks for; they reach its Python processes only.

import { FlowsteadError } from "../base/error/error.ts";
import { pythonJson } from "../base/python-json.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import type { FlowResources } from "./resource.ts";

const CONNECTION_FIELD = /^\$\{([^.{}]+)\.([^.{}]+)\}$/;

/** A flow's variables as text, with those given in their place: dicts and lists as JSON, other values as `str()`. */
export function environmentTexts(variables: ValueMap, overrides: Record<string, string> = {}): Record<string, string> {
  const texts = Object.entries(variables).map(([name, value]) => [name, variableText(value)]);
  return { ...(Object.fromEntries(texts) as Record<string, string>), ...overrides };
}

/** Puts the values of connections in where a variable is written as `${connection.key}`. */
export async function resolveEnvironment(
  texts: Record<string, string>,
  resources: FlowResources,
): Promise<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts)) {
    const match = CONNECTION_FIELD.exec(text);
    resolved[name] = match ? await connectionField(resources, match[1] as string, match[2] as string) : text;
  }
  return resolved;
}

/** Names of the connections that variables refer to. */
export function environmentConnections(variables: ValueMap): string[] {
  return Object.values(variables).flatMap((value) => CONNECTION_FIELD.exec(variableText(value))?.[1] ?? []);
}

async function connectionField(resources: FlowResources, connection: string, key: string): Promise<string> {
  const { configs, secrets } = await resources.connection(connection);
  const value = secrets[key] ?? configs[key];
  if (value !== undefined) return variableText(value);
  throw new FlowsteadError(
    "InvalidConnection",
    `Connection '${connection}' has no key '${key}', which the flow's environment_variables refer to.`,
  );
}

function variableText(value: Value): string {
  return isMap(value) || Array.isArray(value) ? pythonJson(value) : pyStr(value);
}
