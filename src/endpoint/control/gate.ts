// Who may call an endpoint. What is looked at is the desired state of this moment: a key that was made anew works with the
// next call and the old one does not, without anything being restarted.

import { FlowsteadError } from "../../base/error/error.ts";
import { type EndpointKeys, keyPrincipal } from "../key.ts";
import type { DesiredEndpoint } from "./desired-store.ts";
import { isIssued } from "./endpoint-token.ts";
import { bearerToken } from "../../identity/bearer-token.ts";

/** Checks a bearer token of an identity provider. @throws FlowsteadError `Unauthorized`, `Forbidden`, `IdentityUnavailable`. */
export type CheckBearer = (token: string) => Promise<{ subject: string }>;

export interface Gates {
  /** Takes effect with the next call. */
  set(endpoint: DesiredEndpoint): void;
  /** Of an endpoint that has been set. */
  of(name: string): EndpointKeys;
}

type Rule = Pick<DesiredEndpoint, "hashes"> & { authMode: DesiredEndpoint["spec"]["authMode"]; tokenSecret: string };

/** @param checkBearer for endpoints with auth_mode aad_token; without one they accept nobody */
export function openGates(checkBearer?: CheckBearer): Gates {
  const rules = new Map<string, Rule>();
  return {
    set({ spec, hashes, secrets: { tokenSecret } }) {
      rules.set(spec.name, { authMode: spec.authMode, hashes, tokenSecret });
    },
    of: (name) => ({
      principalOf(authorization) {
        const rule = rules.get(name);
        const token = bearerToken(authorization) ?? "";
        if (!rule || token === "") return undefined;
        switch (rule.authMode) {
          case "key":
            return keyPrincipal(token, name, rule.hashes);
          case "aml_token":
            return isIssued(token, name, rule.tokenSecret).then((found) => (found ? `${name}/token` : undefined));
          default:
            return caller(token, name, checkBearer);
        }
      },
    }),
  };
}

async function caller(token: string, endpoint: string, check: CheckBearer | undefined): Promise<string> {
  if (!check) {
    const text = `Endpoint "${endpoint}" asks for tokens of an identity provider, and none is configured under identity.issuers.`;
    throw new FlowsteadError("Unauthorized", text);
  }
  return (await check(token)).subject;
}
