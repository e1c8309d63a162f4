// ARM reads addresses in any case, and names of resources too: what is there is found, and keeps the spelling that it was
// made with.

import type { FastifyRequest } from "fastify";
import type { OnlineControl } from "../../endpoint/control/online-control.ts";
import type { EndpointSpec } from "../../endpoint/specification/endpoint-spec.ts";

const WORDS: ReadonlyMap<string, string> = new Map(
  [
    "subscriptions",
    "resourceGroups",
    "providers",
    "Microsoft.MachineLearningServices",
    "workspaces",
    "locations",
    "onlineEndpoints",
    "deployments",
    "listKeys",
    "regenerateKeys",
    "token",
    "getLogs",
    "skus",
    "mfeOperationsStatus",
    "mfeOperationResults",
  ].map((word) => [word.toLowerCase(), word]),
);

/** An address of the control plane as its routes are written; any other one as it is. */
export function managementUrl(url: string): string {
  if (!/^\/subscriptions\//i.test(url)) return url;
  const [path = "", ...query] = url.split("?");
  const parts = path.slice(1).split("/");
  // Words and names take turns, but for the provider's name, which is a word too.
  const written = parts.map((part, index) => {
    const isWord = index % 2 === 0 || parts[index - 1]?.toLowerCase() === "providers";
    return (isWord ? WORDS.get(part.toLowerCase()) : undefined) ?? part;
  });
  return [`/${written.join("/")}`, ...query].join("?");
}

/** The names of a request's address as they are spelled where they were made. */
export async function spellNames(control: OnlineControl, request: FastifyRequest): Promise<void> {
  const names = request.params as { endpoint?: string; deployment?: string };
  if (names.endpoint === undefined) return;
  names.endpoint = spelled(names.endpoint, await control.endpoints());
  if (names.deployment === undefined) return;
  const endpoint = names.endpoint;
  const isThere = (await control.endpoints()).some(({ spec }) => spec.name === endpoint);
  names.deployment = spelled(names.deployment, isThere ? await control.deployments(endpoint) : []);
}

/** Traffic by the deployments' own names: the original's clients send them in small letters. */
export async function spellShares(control: OnlineControl, spec: EndpointSpec): Promise<EndpointSpec> {
  const isThere = (await control.endpoints()).some(({ spec: { name } }) => name === spec.name);
  if (!isThere) return spec;
  const deployments = await control.deployments(spec.name);
  const bySpelling = (shares: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(shares).map(([name, share]) => [spelled(name, deployments), share]));
  return { ...spec, traffic: bySpelling(spec.traffic), mirrorTraffic: bySpelling(spec.mirrorTraffic) };
}

function spelled(asked: string, records: readonly { spec: { name: string } }[]): string {
  const names = records.map(({ spec: { name } }) => name);
  if (names.includes(asked)) return asked;
  return names.find((name) => name.toLowerCase() === asked.toLowerCase()) ?? asked;
}
