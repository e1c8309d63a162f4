// Azure Blob Storage: `az://container/prefix` or the container's https address, by account key, SAS or Entra token.

import { createHmac } from "node:crypto";
import { FlowsteadError } from "../../../base/error/error.ts";
import { readXml } from "../format/xml.ts";
import type { FoundObject, ObjectStore } from "./object-store.ts";

export interface AzureBlobSettings {
  account?: string | undefined;
  account_key?: string | undefined;
  sas_token?: string | undefined;
  /** A bearer token for https://storage.azure.com. */
  access_token?: string | undefined;
  /** Gives one for each call instead; one that was refused is not given again. */
  token?: ((signal: AbortSignal, refused?: string) => Promise<string>) | undefined;
  connection_string?: string | undefined;
  /** Of the blob service; `https://ACCOUNT.blob.core.windows.net` when absent. */
  endpoint?: string | undefined;
}

const VERSION = "2021-12-02";

interface Place {
  endpoint: string;
  container: string;
  prefix: string;
  scope: string;
}

/** Without a key, token or SAS the container is read as anyone may. @throws FlowsteadError `InvalidRequest`. */
export function azureBlobStore(
  place: Place,
  given: AzureBlobSettings,
  now: () => Date = () => new Date(),
): ObjectStore {
  const settings = { ...given, ...fromConnectionString(given.connection_string) };
  const { container, prefix } = place;
  checkToken(settings, place.endpoint);
  const base = `${place.endpoint.replace(/\/+$/, "")}/${encodeURIComponent(container)}`;
  const withSas = (url: URL): URL => {
    if (settings.account_key === undefined && settings.access_token === undefined && !settings.token) {
      for (const [name, value] of new URLSearchParams(settings.sas_token ?? "")) url.searchParams.set(name, value);
    }
    return url;
  };
  return {
    scope: place.scope,
    root: `${prefix === "" ? place.scope : place.scope.slice(0, -prefix.length - 1)}/`,
    prefix,
    listUrl(marker) {
      const url = new URL(base);
      url.searchParams.set("restype", "container");
      url.searchParams.set("comp", "list");
      if (prefix !== "") url.searchParams.set("prefix", prefix);
      if (marker !== undefined) url.searchParams.set("marker", marker);
      return withSas(url);
    },
    objectUrl: (key) => withSas(new URL(`${base}/${key.split("/").map(encodeURIComponent).join("/")}`)),
    renews: settings.account_key === undefined && settings.token !== undefined,
    async sign(url, { headers = {}, refused, signal }) {
      const all: Record<string, string> = { ...headers, "x-ms-date": now().toUTCString(), "x-ms-version": VERSION };
      const { account_key: key } = settings;
      const token =
        key === undefined ? ((await settings.token?.(signal, refused)) ?? settings.access_token) : undefined;
      if (key !== undefined) {
        const account = settings.account ?? accountOf(place.endpoint);
        all["authorization"] = `SharedKey ${account}:${sharedKey(url, all, { account, key })}`;
      } else if (token !== undefined) all["authorization"] = `Bearer ${token}`;
      return all;
    },
    readPage: readBlobPage,
    advice:
      "Check documents.azure_blob.auth, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_ACCESS_TOKEN: it needs to list the container and read its blobs (Storage Blob Data Reader).",
  };
}

/** @throws FlowsteadError `InvalidRequest` when a token would be sent in the clear, to another machine. */
function checkToken({ account_key: key, access_token, token }: AzureBlobSettings, endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint);
  if (key !== undefined || !(access_token ?? token) || protocol === "https:") return;
  if (["127.0.0.1", "[::1]", "localhost"].includes(hostname)) return;
  throw new FlowsteadError("InvalidRequest", `${endpoint} must begin with https: a token is not sent in the clear.`);
}

/** Where the blob service of the settings is. @throws FlowsteadError `InvalidRequest` when they name none. */
export function blobEndpoint(given: AzureBlobSettings): string {
  const settings = { ...given, ...fromConnectionString(given.connection_string) };
  if (settings.endpoint !== undefined) return settings.endpoint;
  if (settings.account !== undefined) return `https://${settings.account}.blob.core.windows.net`;
  throw new FlowsteadError(
    "InvalidRequest",
    "az://CONTAINER needs an account: set AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING, or give the " +
      "container's address https://ACCOUNT.blob.core.windows.net/CONTAINER.",
  );
}

function fromConnectionString(text: string | undefined): AzureBlobSettings {
  const parts = new Map<string, string>();
  for (const part of (text ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0) parts.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  const found: AzureBlobSettings = {};
  if (parts.has("accountname")) found.account = parts.get("accountname");
  if (parts.has("accountkey")) found.account_key = parts.get("accountkey");
  if (parts.has("sharedaccesssignature")) found.sas_token = parts.get("sharedaccesssignature");
  if (parts.has("blobendpoint")) found.endpoint = parts.get("blobendpoint");
  else if (parts.has("endpointsuffix") && found.account !== undefined) {
    found.endpoint = `${parts.get("defaultendpointsprotocol") ?? "https"}://${found.account}.blob.${parts.get("endpointsuffix")}`;
  }
  return found;
}

/** Of an emulator the account is the first part of the path. */
function accountOf(endpoint: string): string {
  const { hostname, pathname } = new URL(endpoint);
  return pathname.length > 1 ? pathname.split("/")[1]! : hostname.split(".")[0]!;
}

/** The Shared Key signature of a GET: method, standard headers, headers of the service, and the resource. */
export function sharedKey(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { account, key }: { account: string; key: string },
): string {
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith("x-ms-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}`);
  const query = [...url.searchParams]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}`);
  const toSign = [
    "GET",
    // Content-Encoding, -Language, -Length, -MD5, -Type, Date, If-Modified-Since, -Match, -None-Match, -Unmodified-Since.
    ...Array.from({ length: 10 }, () => ""),
    headers["range"] ?? "",
    ...own,
    [`/${account}${url.pathname}`, ...query].join("\n"),
  ].join("\n");
  return createHmac("sha256", Buffer.from(key, "base64")).update(toSign, "utf8").digest("base64");
}

function readBlobPage(xml: string): { objects: FoundObject[]; marker: string | undefined } {
  const objects: FoundObject[] = [];
  let isResult = false;
  let marker = "";
  let text = "";
  let isEncoded = false;
  let open: Partial<Record<string, string>> | undefined;
  // The service puts a byte order mark before its answer.
  readXml(xml.replace(/^\uFEFF/, ""), {
    open(name, attributes) {
      text = "";
      if (name === "EnumerationResults") isResult = true;
      if (name === "Blob") open = {};
      if (name === "Name") isEncoded = attributes["Encoded"] === "true";
    },
    text: (part) => (text += part),
    close(name) {
      if (name === "Blob" && open) {
        objects.push({
          key: open["Name"] ?? "",
          bytes: Number(open["Content-Length"] ?? 0),
          version: open["Etag"] ?? "",
        });
        open = undefined;
      } else if (open) open[name] ??= name === "Name" && isEncoded ? decodeURIComponent(text) : text;
      else if (name === "NextMarker") marker = text;
    },
  });
  if (!isResult) throw new Error("no EnumerationResults");
  return { objects, marker: marker === "" ? undefined : marker };
}
