// The environment of a deployment in ARM's JSON: its id there is an image or a reference, and the routes of its server, which
// the original keeps with the environment, stand beside it in the properties.

import type { EnvironmentSpec, InferenceRoute } from "../specification/deployment-spec.ts";
import type { PlainMap } from "../specification/write-specification.ts";
import { present } from "./arm-json.ts";

export const ENVIRONMENT_PROPERTY = "flowstead.environment.";

/** `flowstead.environment.scoring_route: "8080/score"`, and the others that are given. */
export function environmentProperties(environment: EnvironmentSpec | undefined): PlainMap {
  const routes = {
    liveness_route: environment?.livenessRoute,
    readiness_route: environment?.readinessRoute,
    scoring_route: environment?.scoringRoute,
  };
  return Object.fromEntries(
    Object.entries(routes).flatMap(([key, route]) => (route ? [[ENVIRONMENT_PROPERTY + key, textOf(route)]] : [])),
  );
}

/** The YAML's value of `environment`. */
export function environmentFrom(id: unknown, properties: [string, unknown][]): unknown {
  const routes = properties.map(([key, text]) => [key.slice(ENVIRONMENT_PROPERTY.length), routeFrom(String(text))]);
  const config = routes.length === 0 ? undefined : Object.fromEntries(routes);
  if (typeof id !== "string") return config && { inference_config: config };
  if (/^(azureml:|\/subscriptions\/)/.test(id)) return id;
  return present({ image: id, inference_config: config });
}

function textOf({ port, path }: InferenceRoute): string {
  return `${port}${path.startsWith("/") ? "" : "/"}${path}`;
}

function routeFrom(text: string): PlainMap {
  const [, port = "", path = ""] = /^(\d+)(.*)$/.exec(text) ?? [];
  return { port: Number(port), path };
}
