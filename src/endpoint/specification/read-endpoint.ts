import { pyStr } from "../../base/value.ts";
import type { EndpointSpec } from "./endpoint-spec.ts";
import type { SpecReader } from "./spec-reader.ts";
import { readTracked } from "./tracked-resource.ts";

const NAME = /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const PERCENT = { min: 0, max: 100 };
/** The original's own limit on what a copy may take. */
const MIRROR = { min: 0, max: 50 };
const READ_ONLY = ["id", "scoring_uri", "openapi_uri", "provisioning_state", "swagger_uri"];

/** Reads every key; what is wrong is in the reader's findings, and has the default in the result. */
export function readEndpoint(reader: SpecReader): EndpointSpec {
  if (reader.has("$schema")) reader.use("$schema");
  const schema = pyStr(reader.value("$schema") ?? "");
  const compute = reader.text("compute");
  const kind = compute !== undefined || /kubernetes/i.test(schema) ? "kubernetes" : "managed";
  if (compute !== undefined) {
    reader.ignore("compute", "the driver of each deployment says where its instances run; see `flowstead.driver`");
  }
  const properties = reader.texts("properties");
  const description = reader.text("description");
  const tracked = readTracked(reader);
  for (const key of READ_ONLY) reader.ignore(key, "it is read-only: the system gives it");
  const spec: EndpointSpec = {
    name: readName(reader, "name"),
    kind,
    authMode: reader.choice("auth_mode", ["key", "aml_token", "aad_token"]) ?? "key",
    ...(description === undefined ? {} : { description }),
    tags: reader.texts("tags"),
    properties,
    traffic: readShares(reader, "traffic", PERCENT),
    mirrorTraffic: readShares(reader, "mirror_traffic", MIRROR),
    compat: properties["flowstead.compat"] === "passthrough" ? "passthrough" : "managed",
    publicNetworkAccess: reader.choice("public_network_access", ["enabled", "disabled"]) ?? "enabled",
    ...(compute === undefined ? {} : { compute }),
    ...(Object.keys(tracked).length === 0 ? {} : { tracked }),
  };
  checkShares(reader, spec);
  reader.finish();
  return spec;
}

/** A name of 3 to 32 letters, digits and dashes; empty when it is missing, which is refused. */
export function readName(reader: SpecReader, key: string): string {
  if (!reader.has(key)) {
    reader.refuse(key, "it is missing");
    return "";
  }
  const name = reader.text(key);
  if (name !== undefined && (!NAME.test(name) || name.length < 3 || name.length > 32)) {
    reader.refuse(key, `"${name}" is not a name: 3 to 32 letters, digits and dashes, beginning with a letter`);
  }
  return name ?? "";
}

function readShares(reader: SpecReader, key: string, range: { min: number; max: number }): Record<string, number> {
  const section = reader.section(key);
  if (!section) return {};
  const shares: Record<string, number> = {};
  for (const name of section.keys()) {
    const share = section.whole(name, range);
    if (share !== undefined) shares[name] = share;
  }
  return shares;
}

function checkShares(reader: SpecReader, { traffic, mirrorTraffic }: EndpointSpec): void {
  const sum = Object.values(traffic).reduce((total, share) => total + share, 0);
  if (sum !== 0 && sum !== 100) reader.refuse("traffic", `its percentages sum to ${sum}, neither 100 nor 0`);
  const mirrors = Object.keys(mirrorTraffic).filter((name) => (mirrorTraffic[name] ?? 0) > 0);
  if (mirrors.length > 1) reader.refuse("mirror_traffic", "only one deployment can get copies");
}
