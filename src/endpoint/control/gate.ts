// Who may call an endpoint. What is looked at is the desired state of this moment: a key that was made anew works with the
// next call and the old one does not, without anything being restarted.

import { timingSafeEqual } from "node:crypto";
import { FlowsteadError } from "../../base/error/error.ts";
import type { EndpointKeys } from "../key.ts";
import type { DesiredEndpoint } from "./desired-store.ts";
import { isIssued } from "./endpoint-token.ts";
import { bearerToken, secretHash } from "../../identity/bearer-token.ts";

/** Checks a bearer token of an identity provider. @throws FlowsteadError `Unauthorized`, `Forbidden`, `IdentityUnavailable`. */
export type CheckBearer = (token: string) => Promise<unknown>;

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
      accepts(authorization) {
        const rule = rules.get(name);
        const token = bearerToken(authorization) ?? "";
        if (!rule || token === "") return false;
        switch (rule.authMode) {
          case "key":
            return isKey(token, rule.hashes);
          case "aml_token":
            return isIssued(token, name, rule.tokenSecret);
          default:
            return isCaller(token, name, checkBearer);
        }
      },
    }),
  };
}

/** Takes the same time for every wrong key. */
function isKey(token: string, { primary, secondary }: DesiredEndpoint["hashes"]): boolean {
  const given = secretHash(token);
  const [isPrimary, isSecondary] = [timingSafeEqual(primary, given), timingSafeEqual(secondary, given)];
  return isPrimary || isSecondary;
}

async function isCaller(token: string, endpoint: string, check: CheckBearer | undefined): Promise<boolean> {
  if (!check) {
    const text = `Endpoint "${endpoint}" asks for tokens of an identity provider, and none is configured under identity.issuers.`;
    throw new FlowsteadError("Unauthorized", text);
  }
  await check(token);
  return true;
}
