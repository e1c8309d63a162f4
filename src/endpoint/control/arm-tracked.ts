// What ARM gives every resource besides its properties: where it lies, its kind, its identity, its sku.

import type { ComputeKind } from "../specification/endpoint-spec.ts";
import type { IdentitySpec, TrackedResource } from "../specification/tracked-resource.ts";
import type { PlainMap } from "../specification/write-specification.ts";
import { mapOf, present } from "./arm-json.ts";

/** What the original says of a resource in its `kind`. */
const KINDS = { managed: "Managed", kubernetes: "K8S" } as const;
/** Resources have to have one; it is shown where none was given. */
const LOCATION = "local";

export function kindOf({ kind }: { kind: ComputeKind }): string {
  return KINDS[kind];
}

/** What the original gives a resource that says nothing. */
export interface Usual {
  kind: string;
  identity?: string;
}

/** As it was sent, else as usual. */
export function trackedToArm({ location, kind, identity }: TrackedResource = {}, usual: Usual): PlainMap {
  const shown = identity ?? (usual.identity === undefined ? undefined : { type: usual.identity, userAssigned: [] });
  return present({
    location: location ?? LOCATION,
    kind: kind ?? usual.kind,
    identity: shown && identityToArm(shown),
  });
}

/** The YAML's keys of what differs from the usual, so that a resource that is read and sent back changes nothing. */
export function trackedFromArm(resource: PlainMap, usual: Usual): PlainMap {
  const { location, kind, identity } = resource;
  return present({
    location: location === LOCATION ? undefined : location,
    kind: kind === usual.kind ? undefined : kind,
    identity: identityFromArm(identity, usual),
  });
}

function identityToArm({ type, userAssigned }: IdentitySpec): PlainMap {
  const ids = Object.fromEntries(userAssigned.map((id) => [id, {}]));
  return { type: armWords(type), ...(userAssigned.length === 0 ? {} : { userAssignedIdentities: ids }) };
}

function identityFromArm(value: unknown, usual: Usual): PlainMap | undefined {
  if (value === undefined || value === null) return undefined;
  const { type, userAssignedIdentities } = mapOf(value);
  const ids = Object.keys(mapOf(userAssignedIdentities));
  if (type === usual.identity && ids.length === 0) return undefined;
  return present({
    type: typeof type === "string" ? yamlWords(type) : type,
    user_assigned_identities: ids.length === 0 ? undefined : ids.map((id) => ({ resource_id: id })),
  });
}

/** `system_assigned,user_assigned` as `SystemAssigned,UserAssigned`. */
function armWords(text: string): string {
  return text.replace(
    /(^|[,_\s])([a-z])/g,
    (_all, before: string, letter: string) => `${before === "_" ? "" : before}${letter.toUpperCase()}`,
  );
}

function yamlWords(text: string): string {
  return text.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}
