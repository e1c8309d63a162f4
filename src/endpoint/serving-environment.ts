// The variables that the original's flow server reads, once, under their names there.

import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type ValueMap, isMap, pyStr } from "../base/value.ts";

/** What variables say of the flow, also to an instance of an endpoint. */
export interface FlowVariables {
  /** Outputs that are answered; undefined: all that are not for evaluation only. */
  includedFields: string[] | undefined;
  /** Values for the constructor of a flex flow's class. */
  init: ValueMap | undefined;
}

export interface ServingEnvironment extends FlowVariables {
  /** What `/version` tells. */
  build: { info: string; version: string | undefined };
  /** On every metric. */
  dimensions: Record<string, string>;
  /** What is asked for by a variable and not done here: which, and what to do. */
  unheeded: string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws FlowsteadError `InvalidConfig`, which names the variable and what it must be. */
export function servingEnvironment(env: Variables): ServingEnvironment {
  refuseUnserved(env);
  return {
    ...flowVariables(env),
    build: build(env.BUILD_INFO ?? ""),
    dimensions: { ...deployment(env), ...texts(objectIn(env, "PF_SERVING_METRICS_COMMON_DIMENSIONS", "dimensions")) },
    unheeded: UNHEEDED.flatMap(([names, why]) => {
      const set = names.filter((name) => env[name]);
      return set.length === 0 ? [] : [`${set.join(", ")}: ${why}`];
    }),
  };
}

/** @throws FlowsteadError `InvalidConfig`, which names the variable and what it must be. */
export function flowVariables(env: Variables): FlowVariables {
  return {
    includedFields: includedFields(servingVariable(env, "PROMPTFLOW_RESPONSE_INCLUDED_FIELDS")),
    init: objectIn(env, "PF_FLOW_INIT_CONFIG", "the init values of the flow's class"),
  };
}

const UNHEEDED: readonly (readonly [names: readonly string[], why: string])[] = [
  [
    ["APPLICATIONINSIGHTS_CONNECTION_STRING", "AML_APP_INSIGHTS_KEY", "APPINSIGHTS_INSTRUMENTATIONKEY"],
    "nothing is sent to Application Insights; name a collector in OTEL_EXPORTER_OTLP_ENDPOINT, which can hand it on.",
  ],
  [["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"], "logs go to stderr only; traces and metrics are exported."],
  [["PF_DISABLE_SERIALIZATION"], "outputs are always written as JSON."],
];

/** What would be served wrongly without a word. */
function refuseUnserved(env: Variables): void {
  const provider = servingVariable(env, "PROMPTFLOW_CONNECTION_PROVIDER");
  if (provider && provider !== "local") {
    throw new FlowsteadError(
      "InvalidConfig",
      `PROMPTFLOW_CONNECTION_PROVIDER is "${provider}"; connections come from this machine only. Unset it and create them with \`connection create\`, or name a file of them in PROMPTFLOW_CONNECTIONS.`,
    );
  }
  for (const [name, instead] of Object.entries(REFUSED)) {
    const value = env[name];
    if (value && value.toLowerCase() !== "false") {
      throw new FlowsteadError("InvalidConfig", `${name} is set, which is not served here. Unset it and ${instead}.`);
    }
  }
}

const REFUSED: Readonly<Record<string, string>> = {
  PF_HTTP_CONNECTION_PROVIDER_ENDPOINT: "name a file of connections in PROMPTFLOW_CONNECTIONS",
  OTEL_EXPORTER_OTLP_AAD_AUTH_ENABLE: "give the collector's token in OTEL_EXPORTER_OTLP_HEADERS",
};

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
  if (value === null) return undefined;
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
