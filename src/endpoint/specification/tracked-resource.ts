// What every resource of the cloud carries along and nothing here depends on: it is kept as it was given, and shown.

import { type ValueMap, isMap, pyStr } from "../../base/value.ts";
import type { SpecReader } from "./spec-reader.ts";

export interface TrackedResource {
  /** A region of the cloud. */
  location?: string;
  /** Of the resource, as its clients write it. */
  kind?: string;
  identity?: IdentitySpec;
  /** Without the capacity, which is the number of instances. */
  sku?: Readonly<Record<string, string>>;
}

export interface IdentitySpec {
  /** As in the YAML: `system_assigned`, `user_assigned`, or both with a comma between. */
  type: string;
  /** Their resource ids. */
  userAssigned: readonly string[];
}

const WHY = "nothing here depends on it; it is kept and shown";

/** Its keys of the file. */
export function readTracked(reader: SpecReader): TrackedResource {
  const [location, kind] = [reader.text("location"), reader.text("kind")];
  for (const key of ["location", "kind"]) reader.ignore(key, WHY);
  const identity = readIdentity(reader);
  const sku = reader.has("sku") ? reader.texts("sku") : undefined;
  reader.ignore("sku", WHY);
  return {
    ...(location === undefined ? {} : { location }),
    ...(kind === undefined ? {} : { kind }),
    ...(identity === undefined ? {} : { identity }),
    ...(sku === undefined ? {} : { sku }),
  };
}

function readIdentity(reader: SpecReader): IdentitySpec | undefined {
  const section = reader.section("identity");
  if (!section) return undefined;
  const type = section.text("type") ?? "system_assigned";
  const listed = section.value("user_assigned_identities");
  const why = `no identity of a cloud is given to instances, which reach services by their connections; ${WHY}`;
  for (const key of section.keys()) section.ignore(key, why);
  const ids = (Array.isArray(listed) ? listed : []).map((one) =>
    pyStr((isMap(one) ? ((one as ValueMap)["resource_id"] ?? null) : one) ?? ""),
  );
  return { type, userAssigned: ids.filter((id) => id !== "") };
}

/** The YAML's keys of it. */
export function writeTracked({ location, kind, identity, sku }: TrackedResource = {}): Record<string, unknown> {
  const listed = identity?.userAssigned.map((id) => ({ resource_id: id })) ?? [];
  return {
    location,
    kind,
    identity: identity && {
      type: identity.type,
      ...(listed.length === 0 ? {} : { user_assigned_identities: listed }),
    },
    sku,
  };
}
