import { FlowsteadError } from "../base/error/error.ts";
import { type Value, pyRepr, pyStr } from "../base/value.ts";
import type { Connection } from "./connection.ts";
import { type Environment, overrideName, resolveText } from "./environment.ts";

/** Where connections come from at use. */
export interface ConnectionSource {
  /**
   * The connection with everything resolved: overrides from the environment first, then `${env:NAME}`.
   * @throws FlowsteadError `ConnectionNotFound`, `EnvironmentVariableNotFound`.
   */
  get(name: string): Promise<Connection>;
  /** The connections as they were given, references unresolved. */
  list(): Promise<Connection[]>;
}

export interface OpenConnectionsOptions {
  entries: readonly Connection[];
  env: Environment;
  /** Which of the original's providers this stands for; it decides the words of "not found". Default local. */
  provider?: "local" | "dict";
}

export function openConnections({ entries, env, provider = "local" }: OpenConnectionsOptions): ConnectionSource {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    async get(name) {
      const entry = byName.get(name);
      if (!entry) throw notFound(name, [...byName.keys()], provider);
      return resolve(entry, env);
    },
    async list() {
      return [...byName.values()];
    },
  };
}

function resolve(entry: Connection, env: Environment): Connection {
  const value = (key: string, given: Value): Value => {
    const override = env[overrideName(entry.name, key)];
    if (override !== undefined) return override;
    return typeof given === "string" ? resolveText(given, env) : given;
  };
  return {
    ...entry,
    configs: Object.fromEntries(Object.entries(entry.configs).map(([key, given]) => [key, value(key, given)])),
    secrets: Object.fromEntries(Object.entries(entry.secrets).map(([key, given]) => [key, pyStr(value(key, given))])),
  };
}

function notFound(name: string, known: string[], provider: "local" | "dict"): FlowsteadError {
  const message =
    provider === "dict"
      ? `Connection ${pyRepr(name)} not found in dict connection provider. Available keys are ${pyRepr(known)}.`
      : `Connection ${pyRepr(name)} is not found. Add it with \`flowstead connection create --file FILE --name ${name}\` or under \`connections\` in flowstead.yaml; known connections: ${known.join(", ") || "none"}.`;
  return new FlowsteadError("ConnectionNotFound", message, { details: { connection: name } });
}
