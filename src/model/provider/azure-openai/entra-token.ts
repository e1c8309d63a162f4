// Entra tokens for Azure services, by the three ways in which a program gets them without a person: a client's secret, the
// machine's managed identity, and a file with a federated token (workload identity). One small protocol instead of an SDK.

import { readFile } from "node:fs/promises";
import { FlowsteadError } from "../../../base/error/error.ts";
import { type WireCall, wireClient } from "../openai-wire/client.ts";

export type EntraSettings =
  | { type: "client_secret"; tenantId: string; clientId: string; clientSecret: string; authority?: string }
  | {
      type: "managed_identity";
      /** Of a user-assigned identity; the system-assigned one when absent. */
      clientId?: string;
      /** App Service's IDENTITY_ENDPOINT, or another address than the machine's own metadata service. */
      endpoint?: string;
      /** App Service's IDENTITY_HEADER. */
      header?: string;
    }
  | { type: "workload_identity"; tenantId: string; clientId: string; tokenFile: string; authority?: string };

/** A token that a service has `refused` is not given again: a new one is fetched, unless there is one already. */
export type TokenSource = (signal: AbortSignal, refused?: string) => Promise<string>;

const RESOURCE = "https://cognitiveservices.azure.com";
const AUTHORITY = "https://login.microsoftonline.com";
const METADATA = "http://169.254.169.254/metadata/identity/oauth2/token";
const TIMEOUT_MS = 20_000;
/** A token is renewed this long before it expires, at the latest when half of its life is over. */
const AHEAD_MS = 5 * 60_000;
/** After a failed renewal the old token serves on, and the next try waits this long. */
const PAUSE_MS = 10_000;

interface Token {
  value: string;
  renewAt: number;
  expiresAt: number;
}

/**
 * A token for each call: fetched once, renewed in the background before it expires; `source` says in errors where the
 * identity is set. @throws `ModelUnauthorized`.
 */
export function entraToken(
  settings: EntraSettings,
  now: () => number = Date.now,
  resource: string = RESOURCE,
  source = "auth of the model in flowstead.yaml",
): TokenSource {
  const fetchToken = fetcher(settings, { now, resource, source });
  let token: Token | undefined;
  let pending: Promise<Token> | undefined;
  const renew = (): Promise<Token> => {
    // One caller's abort must not fail the others that wait for the same token.
    pending ??= fetchToken(new AbortController().signal)
      .then((found) => (token = found))
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };
  return async (_signal, refused) => {
    if (!token || now() >= token.expiresAt || token.value === refused) return (await renew()).value;
    if (now() >= token.renewAt) {
      const old = token;
      renew().catch(() => {
        old.renewAt = now() + PAUSE_MS;
      });
    }
    return token.value;
  };
}

interface Fetching {
  now: () => number;
  resource: string;
  source: string;
}

function fetcher(
  settings: EntraSettings,
  { now, resource, source }: Fetching,
): (signal: AbortSignal) => Promise<Token> {
  if (settings.type === "managed_identity") {
    const { clientId, header } = settings;
    const isAppService = header !== undefined;
    const url = new URL(settings.endpoint ?? METADATA);
    url.searchParams.set("api-version", isAppService ? "2019-08-01" : "2018-02-01");
    url.searchParams.set("resource", resource);
    if (clientId) url.searchParams.set("client_id", clientId);
    const headers: Record<string, string> = isAppService ? { "x-identity-header": header } : { metadata: "true" };
    return (signal) => request(url, { method: "GET", headers }, { signal, now, source });
  }
  const { tenantId, clientId, authority = AUTHORITY } = settings;
  const url = new URL(`${authority.replace(/\/+$/, "")}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`);
  return async (signal) => {
    const proof: Record<string, string> =
      settings.type === "client_secret"
        ? { client_secret: settings.clientSecret }
        : {
            client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            // Read at every renewal: the platform replaces the file.
            client_assertion: await readAssertion(settings.tokenFile, source),
          };
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      scope: `${resource}/.default`,
      ...proof,
    });
    return request(url, { method: "POST", form: form.toString() }, { signal, now, source });
  };
}

async function readAssertion(file: string, source: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new FlowsteadError(
      "ModelUnauthorized",
      `The workload identity's token file ${file} cannot be read: ${(cause as Error).message}. Check ${source}.`,
      { cause },
    );
  }
}

async function request(
  url: URL,
  call: Pick<WireCall, "method" | "headers" | "form">,
  { signal, now, source }: { signal: AbortSignal; now: () => number; source: string },
): Promise<Token> {
  const client = wireClient({ baseUrl: url.origin, keySource: source, authorize: () => ({}) });
  try {
    const answer = await client.read({ ...call, path: url.pathname + url.search }, { signal, timeoutMs: TIMEOUT_MS });
    const body = parse(answer.body);
    if (answer.status !== 200 || typeof body.access_token !== "string") {
      const said = [body.error_description, body.error, `status ${answer.status}`].find(
        (one) => typeof one === "string",
      ) as string;
      throw new FlowsteadError(
        "ModelUnauthorized",
        // The first line of Entra's answer says what is wrong; the others are ids for support.
        `${url.host} gave no token: ${said.split(/\r?\n/, 1)[0]?.slice(0, 300)}. Check ${source}.`,
      );
    }
    return tokenOf(body, now());
  } finally {
    void client.close();
  }
}

function tokenOf(body: Record<string, unknown>, now: number): Token {
  const absolute = Number(body.expires_on) * 1000;
  const lifeMs = Number(body.expires_in) > 0 ? Number(body.expires_in) * 1000 : absolute - now;
  const known = Number.isFinite(lifeMs) && lifeMs > 0 ? lifeMs : AHEAD_MS;
  return {
    value: String(body.access_token),
    expiresAt: now + known,
    renewAt: now + Math.max(known / 2, known - AHEAD_MS),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
