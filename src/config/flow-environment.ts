import type { Environment } from "./environment.ts";

/** Short ones stand in other values by chance. */
const SHORTEST_SECRET = 8;
const SHORTEST_WITHIN = 16;

/** Under these names clients of models look for a key by themselves, and for the address that it is for. */
const CLIENTS: readonly { key: string; address: string; path: string }[] = [
  { key: "OPENAI_API_KEY", address: "OPENAI_BASE_URL", path: "/v1" },
  { key: "AZURE_OPENAI_API_KEY", address: "AZURE_OPENAI_ENDPOINT", path: "" },
];

/** Whether a variable has a secret as its value. */
export function holdsSecret(env: Environment, secrets: ReadonlySet<string>): boolean {
  return Object.values(env).some((value) => isSecret(value, secrets));
}

/**
 * The variables that a flow's own code may see: a secret of the system is in none of them. Where clients of models look for
 * a key, they find the gateway's address and a token, if there is a gateway.
 */
export function flowEnvironment(
  env: Environment,
  { secrets, gateway }: { secrets: ReadonlySet<string>; gateway?: { url: string; token: string } | undefined },
): Record<string, string | undefined> {
  const seen = Object.fromEntries(Object.entries(env).filter(([, value]) => !isSecret(value, secrets)));
  if (!gateway) return seen;
  for (const { key, address, path } of CLIENTS) {
    if (isSecret(env[key], secrets)) Object.assign(seen, { [key]: gateway.token, [address]: gateway.url + path });
  }
  return seen;
}

/** Whether it is one, or one stands in it, as in a header or in settings written as JSON. */
function isSecret(value: string | undefined, secrets: ReadonlySet<string>): boolean {
  if (value === undefined || value.length < SHORTEST_SECRET) return false;
  if (secrets.has(value)) return true;
  for (const secret of secrets) if (secret.length >= SHORTEST_WITHIN && value.includes(secret)) return true;
  return false;
}
