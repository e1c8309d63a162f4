// What the desired state of endpoints may not become, whoever asks for it.

import { FlowsteadError } from "../../base/error/error.ts";
import type { EndpointSpec } from "../specification/endpoint-spec.ts";

/** The original's limits per subscription and endpoint. */
export const MOST_ENDPOINTS = 100;
export const MOST_DEPLOYMENTS = 20;

/** Names that get a share for the first time have to be there; those that had one before are kept as they are. */
export function checkShares(spec: EndpointSpec, old: EndpointSpec, names: ReadonlySet<string>): void {
  for (const shares of ["traffic", "mirrorTraffic"] as const) {
    for (const [name, share] of Object.entries(spec[shares])) {
      if (share === 0 || names.has(name) || old[shares][name] !== undefined) continue;
      const known = [...names].join(", ") || "none";
      throw new FlowsteadError(
        "NotFound",
        `Endpoint "${spec.name}" has no deployment "${name}" to give traffic to. It has: ${known}.`,
      );
    }
  }
}

export function tooMany(what: string, limit: number): FlowsteadError {
  return new FlowsteadError("Conflict", `There are ${limit} ${what} already, which is the limit. Delete one first.`);
}

/** @throws FlowsteadError `Conflict` while a deployment gets traffic or copies of it. */
export function checkUnused({ traffic, mirrorTraffic }: EndpointSpec, name: string): void {
  for (const [share = 0, word] of [
    [traffic[name], "traffic"],
    [mirrorTraffic[name], "mirror traffic"],
  ] as const) {
    if (share === 0) continue;
    throw new FlowsteadError(
      "Conflict",
      `Deployment "${name}" still gets ${share} % of the ${word}. Give it 0 first, then delete it.`,
    );
  }
}
