// The variables that the original's flow server reads, once, under their names there.

import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type ValueMap, isMap, pyStr } from "../base/value.ts";

export interface ServingEnvironment {
  /** Outputs that are answered; undefined: all that are not for evaluation only. */
  includedFields: string[] | undefined;
  /** Values for the constructor of a flex flow's class. */
  init: ValueMap | undefined;
  /** What `/version` tells. */
  build: { info: string; version: string | undefined };
  /** On every metric. */
  dimensions: Record<string, string>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws FlowsteadError `InvalidConfig`, which names the variable and what it must be. */
export function servingEnvironment(env: Variables): ServingEnvironment {
  return {
    includedFields: includedFields(servingVariable(env, "PROMPTFLOW_RESPONSE_INCLUDED_FIELDS")),
    init: objectIn(env, "PF_FLOW_INIT_CONFIG", "the init values of the flow's class"),
    build: build(env.BUILD_INFO ?? ""),
    dimensions: { ...deployment(env), ...texts(objectIn(env, "PF_SERVING_METRICS_COMMON_DIMENSIONS", "dimensions")) },
  };
}

/** Every `PROMPTFLOW_` name counts with `PF_` in its place, too. */
export function servingVariable(env: Variables, name: string): string | undefined {
  return env[name] ?? env[name.replace(/^PROMPTFLOW_/, "PF_")];
}

function includedFields(text: string | undefined): string[] | undefined {
  if (!text) return undefined;
  const fields = tryJson(text);
  if (Array.isArray(fields)) return fields.map((field) => pyStr(field));
  throw new FlowsteadError(
    "InvalidConfig",
    'PROMPTFLOW_RESPONSE_INCLUDED_FIELDS must be a JSON list of output names, such as ["answer"].',
  );
}

function objectIn(env: Variables, name: string, about: string): ValueMap | undefined {
  const text = env[name];
  if (!text) return undefined;
  const value = tryJson(text);
  if (value !== undefined && isMap(value)) return value;
  throw new FlowsteadError("InvalidConfig", `${name} must be a JSON object: ${about}.`);
}

function build(info: string): ServingEnvironment["build"] {
  const parsed = info === "" ? undefined : tryJson(info);
  const number = parsed !== undefined && isMap(parsed) ? parsed["build_number"] : undefined;
  return { info, version: number === undefined || number === null ? undefined : pyStr(number) };
}

const RESOURCE = /\/onlineEndpoints\/([^/]+)\/deployments\/([^/]+)/;

/** Which endpoint and deployment this is, as the managed platform says in one of two forms. */
function deployment(env: Variables): Record<string, string> {
  const settings = new Map(
    (env.PRT_CONFIG_OVERRIDE ?? "").split(",").map((setting): [string, string] => {
      const [name = "", ...value] = setting.split("=");
      return [name.trim(), value.join("=").trim()];
    }),
  );
  const match = RESOURCE.exec(env.AML_DEPLOYMENT_RESOURCE_ID ?? "");
  const endpoint = settings.get("deployment.endpoint_name") || match?.[1];
  const name = settings.get("deployment.deployment_name") || match?.[2];
  return { ...(endpoint ? { endpoint } : {}), ...(name ? { deployment: name } : {}) };
}

function texts(values: ValueMap | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, pyStr(value)]));
}

function tryJson(text: string): ReturnType<typeof parseJson> | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
