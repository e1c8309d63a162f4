// Connections and model pools as files that hold no secret: each one is a reference to the environment.

import { stringify } from "yaml";
import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import type { Connection } from "../connection/connection.ts";
import { overrideName } from "../connection/environment.ts";
import { CONNECTION_KINDS } from "../connection/kind.ts";

export interface SecretFree {
  /** Texts by file name. */
  files: Map<string, string>;
  /** Variables that the files refer to, with the name of what refers to them. */
  variables: Map<string, string>;
}

/** `connections/<name>.yaml` for each. @throws FlowsteadError `UsageError` when two connections need one variable. */
export function connectionFiles(connections: readonly Connection[]): SecretFree {
  const result: SecretFree = { files: new Map(), variables: new Map() };
  for (const { name, type, configs, secrets } of connections) {
    const hidden = Object.fromEntries(
      Object.keys(secrets).map((key) => [key, reference(result.variables, overrideName(name, key), name)]),
    );
    for (const value of Object.values(configs)) {
      const variable = typeof value === "string" ? /\$\{env:(.*?)\}/.exec(value)?.[1]?.trim() : undefined;
      if (variable !== undefined) result.variables.set(variable, name);
    }
    const kind = CONNECTION_KINDS.find((one) => one.type === type)?.yaml ?? type;
    const own = type === "CustomConnection" ? { configs, secrets: hidden } : { ...configs, ...hidden };
    const schema = `https://azuremlschemas.azureedge.net/promptflow/latest/${type}.schema.json`;
    const file = `connections/${name.replaceAll(/[^\w.-]/g, "_")}.yaml`;
    if (result.files.has(file)) throw new FlowsteadError("UsageError", `Two connections would both be ${file}.`);
    result.files.set(
      file,
      stringify(
        { $schema: schema, type: kind, name, module: "promptflow.connections", ...(plain(own) as object) },
        // The original reads YAML 1.1, where an API version without quotes is a date.
        { lineWidth: 0, version: "1.1" },
      ),
    );
  }
  return result;
}

/** One member of a model pool, as the configuration holds it. */
export interface ModelMember {
  name: string;
  provider: string;
  [setting: string]: unknown;
}

/** Settings of models that are no secret; what is not named here is not written. */
const OPEN_SETTINGS = ["region", "priority", "weight", "base_url", "endpoint", "deployment", "model", "api_version"];

/** A configuration with the pools, or nothing when there are none. */
export function modelFile(members: readonly ModelMember[]): SecretFree {
  const result: SecretFree = { files: new Map(), variables: new Map() };
  if (members.length === 0) return result;
  const models = members.map((member, index) => {
    const open = OPEN_SETTINGS.filter((key) => member[key] !== undefined).map((key) => [key, member[key]]);
    const earlier = members.slice(0, index).filter(({ name }) => name === member.name).length;
    const variable = `${member.name}${earlier === 0 ? "" : `_${earlier + 1}`}_API_KEY`
      .toUpperCase()
      .replaceAll(/\W/g, "_");
    const key = member["api_key"] === undefined ? {} : { api_key: reference(result.variables, variable, member.name) };
    return { name: member.name, provider: member.provider, ...Object.fromEntries(open), ...key };
  });
  result.files.set("flowstead.yaml", stringify({ models }, { lineWidth: 0 }));
  return result;
}

function reference(variables: Map<string, string>, variable: string, owner: string): string {
  const other = variables.get(variable);
  if (other !== undefined && other !== owner) {
    throw new FlowsteadError(
      "UsageError",
      `${other} and ${owner} both need the variable ${variable}. Rename one of them.`,
    );
  }
  variables.set(variable, owner);
  return `\${env:${variable}}`;
}
