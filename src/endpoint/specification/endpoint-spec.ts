// What an online endpoint should be: the product's own form of `managedOnlineEndpoint` YAML and of ARM's JSON.

import type { TrackedResource } from "./tracked-resource.ts";

/** How callers prove who they are: a key, a token that expires and is fetched anew, or a token of an identity provider. */
export type AuthMode = "key" | "aml_token" | "aad_token";

/** Managed endpoints run here; a kubernetes endpoint names the cluster in `compute`. */
export type ComputeKind = "managed" | "kubernetes";

export interface EndpointSpec {
  /** 3 to 32 letters, digits and dashes. */
  name: string;
  kind: ComputeKind;
  authMode: AuthMode;
  description?: string;
  tags: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, string>>;
  /** Percent per deployment: sums to 100, or is empty or all 0. A name that has no deployment yet gets its share once it has. */
  traffic: Readonly<Record<string, number>>;
  /** Percent of the calls copied to a deployment whose answers are dropped: one name at most, and 50 at most. */
  mirrorTraffic: Readonly<Record<string, number>>;
  /** "passthrough" hands on a flow's own status instead of 424. From the property `flowstead.compat`. */
  compat: "managed" | "passthrough";
  publicNetworkAccess: "enabled" | "disabled";
  /** Of a kubernetes endpoint: the cluster's name. */
  compute?: string;
  tracked?: TrackedResource;
}
