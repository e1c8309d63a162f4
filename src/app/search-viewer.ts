import type { Config } from "../config/schema.ts";
import type { SearchRight, SearchRights } from "../entry/route/search-key.ts";
import { type BearerIdentity, bearerCheck, type TrustedIssuer } from "../identity/bearer.ts";
import type { Viewer } from "../search/document/permission.ts";

type Identity = Pick<Readonly<Config>, "identity">;
type Issuer = Config["identity"]["issuers"][number];

/** What Azure's clients ask tokens for. */
const AUDIENCE = "https://search.azure.com";

/** Who a token beside a search names, by the issuers that are trusted; undefined when none is. */
export function searchViewer(config: Identity): ((token: string) => Promise<Viewer>) | undefined {
  const check = checkOf(config, ({ scopes, roles, subjects, search_roles: search }) => {
    const readers = [...search.index_data_reader, ...search.index_data_contributor];
    return { scopes, roles: [...roles, ...readers], subjects: [...subjects, ...readers] };
  });
  if (!check) return undefined;
  return async (token) => {
    const { ids, roles } = await check(token);
    return { ids, groups: roles };
  };
}

/** What a caller's token allows at the search service, by `search_roles` of its issuer; undefined when nobody has one. */
export function searchRights(config: Identity): SearchRights | undefined {
  const { issuers } = config.identity;
  if (issuers.every(({ search_roles: roles }) => Object.values(roles).flat().length === 0)) return undefined;
  const check = checkOf(config, ({ search_roles: roles }) => {
    const all = Object.values(roles).flat();
    return { scopes: [], roles: all, subjects: all };
  });
  return async (token) => {
    const identity = await check!(token);
    const trusted = issuers.find(({ issuer }) => issuer === identity.issuer);
    return trusted ? rightsOf(identity, trusted.search_roles) : [];
  };
}

function rightsOf({ ids, clients, roles }: BearerIdentity, search: Issuer["search_roles"]): SearchRight[] {
  const own = new Set([...ids, ...clients, ...roles]);
  const has = (role: readonly string[]): boolean => role.some((name) => own.has(name));
  const isContributor = has(search.index_data_contributor);
  return [
    ...(isContributor || has(search.index_data_reader) ? (["read"] as const) : []),
    ...(isContributor ? (["write"] as const) : []),
    ...(has(search.service_contributor) ? (["manage"] as const) : []),
  ];
}

type Granted = Pick<TrustedIssuer, "scopes" | "roles" | "subjects">;

function checkOf(
  { identity: { issuers, clock_skew_seconds: clockSkewSeconds } }: Identity,
  granted: (issuer: Issuer) => Granted,
): ReturnType<typeof bearerCheck> | undefined {
  if (issuers.length === 0) return undefined;
  const trusted = issuers.map((one) => ({
    issuer: one.issuer,
    audiences: [...one.audiences, AUDIENCE],
    ...(one.jwks_uri ? { jwksUri: one.jwks_uri } : {}),
    ...granted(one),
  }));
  return bearerCheck({ issuers: trusted, clockSkewSeconds });
}
