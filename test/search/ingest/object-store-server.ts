// A store of objects on a real socket, in the dialects of Amazon S3 and Azure Blob Storage. It recomputes every signature from
// the request as it came, pages its listings, and can be told to fail.

import { createHash, createHmac } from "node:crypto";
import { type IncomingMessage, createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const S3_KEY = { id: "AKIATEST", secret: "a/secret+key" };
export const ACCOUNT = { name: "devaccount", key: Buffer.from("the key of the account").toString("base64") };
export const SAS = "sv=2021-12-02&sp=rl&sig=c2lnbmF0dXJl%2B%3D";
export const TOKEN = "an-entra-token";

export interface StoreServer {
  url: string;
  objects: Map<string, Uint8Array>;
  /** Every request as `GET /path?query`. */
  calls: string[];
  /** Entra tokens beside `TOKEN` that it takes. */
  accepts: (token: string) => boolean;
  /** May answer instead, or break the line; true when it did. */
  disturb: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

const PAGE = 3;

export async function storeServer(): Promise<StoreServer> {
  const objects = new Map<string, Uint8Array>();
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    if (store.disturb?.(request, response)) return;
    const url = new URL(request.url!, "http://store");
    const isS3 = url.pathname.startsWith("/bucket");
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined && bearer !== TOKEN) {
      if (!store.accepts(bearer)) {
        response.writeHead(401).end("<Error><Code>InvalidAuthenticationInfo</Code></Error>");
        return;
      }
    } else if (!(isS3 ? isSignedV4(request, url) : isProven(request, url))) {
      response.writeHead(403).end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
      return;
    }
    const [, container, ...rest] = url.pathname.replace(`/${ACCOUNT.name}`, "").split("/");
    const key = decodeURIComponent(rest.join("/"));
    if (container !== "bucket" && container !== "files")
      response.writeHead(404).end("<Error><Code>NoSuchBucket</Code></Error>");
    else if (key === "") response.end(isS3 ? listS3(url, objects) : listBlobs(url, objects));
    else sendObject(request, response, objects.get(key));
  });
  const store: StoreServer = {
    url: "",
    objects,
    calls,
    accepts: () => false,
    disturb: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  store.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return store;
}

function sendObject(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array | undefined): void {
  if (!bytes) return void response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
  const range = /^bytes=0-(\d+)$/.exec(request.headers.range ?? "");
  const part = range ? bytes.subarray(0, Number(range[1]) + 1) : bytes;
  response.writeHead(range ? 206 : 200, { "content-length": part.length }).end(part);
}

function page(
  url: URL,
  objects: ReadonlyMap<string, Uint8Array>,
  marker: string,
): { keys: string[]; next: string | undefined } {
  const prefix = url.searchParams.get("prefix") ?? "";
  const all = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const from = Number(url.searchParams.get(marker)?.slice(4) ?? 0);
  return { keys: all.slice(from, from + PAGE), next: from + PAGE < all.length ? `next${from + PAGE}` : undefined };
}

function listS3(url: URL, objects: ReadonlyMap<string, Uint8Array>): string {
  const { keys, next } = page(url, objects, "continuation-token");
  const rows = keys.map((key) => {
    const bytes = objects.get(key)!;
    return `<Contents><Key>${encodeURIComponent(key)}</Key><ETag>&quot;${tag(bytes)}&quot;</ETag><Size>${bytes.length}</Size></Contents>`;
  });
  const more = next ? `<NextContinuationToken>${next}</NextContinuationToken>` : "";
  return `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>${next !== undefined}</IsTruncated>${more}${rows.join("")}</ListBucketResult>`;
}

function listBlobs(url: URL, objects: ReadonlyMap<string, Uint8Array>): string {
  const { keys, next } = page(url, objects, "marker");
  const rows = keys.map((key) => {
    const bytes = objects.get(key)!;
    const name = key.replaceAll("&", "&amp;");
    return `<Blob><Name>${name}</Name><Properties><Etag>0x${tag(bytes)}</Etag><Content-Length>${bytes.length}</Content-Length></Properties></Blob>`;
  });
  return `\uFEFF<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>${rows.join("")}</Blobs><NextMarker>${next ?? ""}</NextMarker></EnumerationResults>`;
}

function tag(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** By the rules of Signature Version 4, from what is on the wire. */
function isSignedV4({ headers, method, url: target }: IncomingMessage, { pathname }: URL): boolean {
  const given = /Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)/.exec(
    headers.authorization ?? "",
  );
  if (!given || given[1] !== S3_KEY.id || !given[4]!.split(";").includes("host")) return false;
  const [, , day, region, names, signature] = given;
  // What is on the wire is encoded as the signature wants it.
  const query = (target!.split("?")[1] ?? "").replaceAll("+", "%20").split("&").filter(Boolean).sort().join("&");
  const canonical = [
    method,
    pathname,
    query,
    ...names!.split(";").map((name) => `${name}:${String(headers[name])}`),
    "",
    names,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  let key: string | Buffer = `AWS4${S3_KEY.secret}`;
  for (const part of [day!, region!, "s3", "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  return createHmac("sha256", key).update(text).digest("hex") === signature;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Account key, SAS or token. */
function isProven({ headers, rawHeaders }: IncomingMessage, url: URL): boolean {
  if (headers.authorization === `Bearer ${TOKEN}`) return true;
  if (url.searchParams.get("sig") === new URLSearchParams(SAS).get("sig")) return true;
  const given = /^SharedKey ([^:]+):(.+)$/.exec(headers.authorization ?? "");
  if (given?.[1] !== ACCOUNT.name) return false;
  const names = rawHeaders.filter((name, at) => at % 2 === 0 && /^x-ms-/i.test(name)).map((name) => name.toLowerCase());
  const text =
    `GET\n\n\n\n\n\n\n\n\n\n\n${headers.range ?? ""}\n` +
    names
      .sort()
      .map((name) => `${name}:${String(headers[name])}\n`)
      .join("") +
    `/${ACCOUNT.name}${url.pathname}` +
    [...url.searchParams]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `\n${name}:${value}`)
      .join("");
  const expected = createHmac("sha256", Buffer.from(ACCOUNT.key, "base64")).update(text).digest("base64");
  return given[2] === expected;
}
