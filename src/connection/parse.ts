// Connections as people write them: the original's YAML, and the dict of its `connections.json`.

import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import type { Connection } from "./connection.ts";
import { type ConnectionKind, CONNECTION_KINDS, findKind } from "./kind.ts";

const VALUES = z.record(
  z.string(),
  z.custom<Value>((value) => value !== undefined),
);

const EXECUTION = z.looseObject({
  name: z.string().optional(),
  type: z.string(),
  value: VALUES,
  module: z.string().optional(),
  secret_keys: z.array(z.string()).optional(),
});

/** Keys of connection YAML that are not the connection's own. */
const FRAME = new Set(["$schema", "name", "type", "module", "class_name", "created_date", "last_modified_date"]);

/**
 * One connection from YAML text or a parsed dict. `${env:NAME}` stays as written: it is resolved at use.
 * @param file names the text in errors
 * @throws FlowsteadError `InvalidYaml`, `InvalidConnection`.
 */
export function parseConnection(source: string | ValueMap, file = "connection.yaml"): Connection {
  const data = typeof source === "string" ? parseYaml(source, file).value : source;
  if (!isMap(data)) throw invalid(file, "it is not a mapping");
  const { name, type } = data;
  if (typeof name !== "string" || name === "") throw invalid(file, "`name` is missing");
  if (typeof type !== "string") throw invalid(file, "`type` is missing", name);
  const kind = findKind(type);
  if (!kind) {
    const known = CONNECTION_KINDS.map(({ yaml }) => yaml).join(", ");
    throw invalid(file, `type '${type}' is none of ${known}`, name);
  }
  return kind.type === "CustomConnection" ? parseCustom(name, data, file) : parseKnown(name, kind, data, file);
}

function parseKnown(name: string, kind: ConnectionKind, data: ValueMap, file: string): Connection {
  const connection: Connection = { name, type: kind.type, configs: { ...kind.defaults }, secrets: {} };
  for (const [key, value] of Object.entries(data)) {
    if (!FRAME.has(key) && value !== null) put(connection, key, value, kind.secrets.includes(key));
  }
  for (const key of kind.required) {
    if (connection.configs[key] === undefined && connection.secrets[key] === undefined) {
      throw invalid(file, `\`${key}\` is missing`, name);
    }
  }
  return connection;
}

function parseCustom(name: string, data: ValueMap, file: string): Connection {
  const part = (key: string): ValueMap => {
    const value = data[key] ?? {};
    if (!isMap(value)) throw invalid(file, `\`${key}\` is not a mapping`, name);
    return value;
  };
  const connection: Connection = { name, type: "CustomConnection", configs: {}, secrets: {} };
  for (const [key, value] of Object.entries(part("configs"))) put(connection, key, value, false);
  for (const [key, value] of Object.entries(part("secrets"))) put(connection, key, value, true);
  if (typeof data["custom_type"] === "string") {
    put(connection, "promptflow.connection.custom_type", data["custom_type"], false);
    for (const key of ["module", "package", "package_version"]) {
      const value = data[key];
      if (typeof value === "string") put(connection, `promptflow.connection.${key}`, value, false);
    }
  }
  return connection;
}

/**
 * The original's file form: `{name: {type, value, module, secret_keys}}`, as `PROMPTFLOW_CONNECTIONS` names it.
 * @throws FlowsteadError `InvalidJson`, `InvalidConnection`.
 */
export function readConnectionFile(text: string, file = "connections.json"): Connection[] {
  const data = parseJson(text);
  if (!isMap(data)) throw invalid(file, "it is not a JSON object");
  return Object.entries(data).map(([name, entry]) => connectionFromDict(name, entry, file));
}

/** One connection from its execution dict. @throws FlowsteadError `InvalidConnection`. */
export function connectionFromDict(name: string, entry: Value, file = "connections"): Connection {
  const parsed = EXECUTION.safeParse(entry);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(file, `${issue?.path.join(".")}: ${issue?.message}`, name);
  }
  const { type, value, secret_keys: secretKeys } = parsed.data;
  const kind = findKind(type);
  if (!kind) throw invalid(file, `type '${type}' is not known`, name);
  const secrets = new Set([...kind.secrets, ...(secretKeys ?? [])]);
  const connection: Connection = { name, type: kind.type, configs: { ...kind.defaults }, secrets: {} };
  for (const [key, item] of Object.entries(value)) put(connection, key, item, secrets.has(key));
  return connection;
}

function put(connection: Connection, key: string, value: Value, secret: boolean): void {
  if (secret) {
    if (value !== null) connection.secrets[key] = pyStr(value);
  } else connection.configs[key] = value;
}

function invalid(file: string, reason: string, name?: string): FlowsteadError {
  const what = name === undefined ? "this connection" : `connection '${name}'`;
  return new FlowsteadError("InvalidConnection", `${file}: ${what} cannot be used: ${reason}.`, {
    details: { file, connection: name },
  });
}
