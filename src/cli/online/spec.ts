// Files and flags of `online-endpoint` and `online-deployment` as specifications, and resources as what these commands print.

import type { Console } from "../console.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Value } from "../../base/value.ts";
import { parseYaml } from "../../base/yaml.ts";
import { deploymentFromArm } from "../../endpoint/control/arm-deployment.ts";
import { endpointFromArm } from "../../endpoint/control/arm-endpoint.ts";
import type { DeploymentSpec } from "../../endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../endpoint/specification/endpoint-spec.ts";
import { type Finding, findingLine, refuseIfAny } from "../../endpoint/specification/finding.ts";
import { readSpecification, readSpecificationFile } from "../../endpoint/specification/read-specification.ts";
import { type PlainMap, writeDeployment, writeEndpoint } from "../../endpoint/specification/write-specification.ts";
import type { ArmResource } from "./client.ts";
import { pairs } from "../pair.ts";

/** `instance_count=2` words as values of their own type. @throws FlowsteadError `UsageError`. */
export function settings(words: readonly string[] = []): Record<string, Value> {
  const texts = pairs(words);
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, parseYaml(text, "--set").value]));
}

/** `"blue=90 green=10"` as percentages. @throws FlowsteadError `UsageError`. */
export function shares(text: string): Record<string, number> {
  const words = text.split(/[\s,]+/).filter(Boolean);
  return Object.fromEntries(
    Object.entries(pairs(words)).map(([name, share]) => {
      if (!/^\d+$/.test(share))
        throw new FlowsteadError("UsageError", `"${name}=${share}" is not a deployment and its percentage.`);
      return [name, Number(share)];
    }),
  );
}

interface Specs {
  endpoint: EndpointSpec;
  deployment: DeploymentSpec;
}

/** Reads a file, tells what is not honoured in it, and refuses what cannot be. @throws FlowsteadError `InvalidSpecification`. */
export function readFileSpec<Type extends keyof Specs>(
  type: Type,
  file: string,
  { overrides, console }: { overrides: Record<string, Value>; console: Console },
): Specs[Type] {
  const found = readSpecificationFile(file, { overrides });
  if (found.type !== type) {
    throw new FlowsteadError(
      "InvalidSpecification",
      `${file} describes an online ${found.type}, not an online ${type}.`,
    );
  }
  tell(found.findings, console);
  refuseIfAny(found.findings);
  return found.spec as Specs[Type];
}

/** What there is, with some keys changed. @throws FlowsteadError `InvalidSpecification`. */
export function changed<Type extends keyof Specs>(
  type: Type,
  map: PlainMap,
  overrides: Record<string, Value>,
): Specs[Type] {
  const found = readSpecification(map, `online-${type} ${String(map["name"])}`, { overrides });
  refuseIfAny(found.findings);
  return found.spec as Specs[Type];
}

/** Used lines speak for themselves; all others are told. */
function tell(findings: readonly Finding[], console: Console): void {
  const told = findings.filter(({ verdict }) => verdict === "ignored" || verdict === "assumed");
  for (const finding of told.toSorted((a, b) => a.line - b.line)) console.say(findingLine(finding));
}

export function endpointKeysOf(resource: ArmResource): PlainMap {
  return endpointFromArm(String(resource["name"]), resource);
}

export function deploymentKeysOf(endpoint: string, resource: ArmResource): PlainMap {
  return deploymentFromArm({ endpoint, name: String(resource["name"]) }, resource);
}

/** What `show` and `list` print: the YAML's keys, and what the system adds. */
export function shownEndpoint(resource: ArmResource): PlainMap {
  const properties = resource["properties"] as PlainMap;
  const { spec } = readSpecification(endpointKeysOf(resource), "endpoint", { accepted: true });
  return {
    ...writeEndpoint(spec as EndpointSpec),
    id: resource["id"],
    location: resource["location"],
    scoring_uri: properties["scoringUri"],
    openapi_uri: properties["swaggerUri"],
    provisioning_state: properties["provisioningState"],
  };
}

export function shownDeployment(endpoint: string, resource: ArmResource): PlainMap {
  const properties = resource["properties"] as PlainMap;
  const { spec } = readSpecification(deploymentKeysOf(endpoint, resource), "deployment", { accepted: true });
  return {
    ...writeDeployment(spec as DeploymentSpec),
    id: resource["id"],
    location: resource["location"],
    provisioning_state: properties["provisioningState"],
    ...(properties["provisioningError"] === undefined ? {} : { provisioning_error: properties["provisioningError"] }),
  };
}
