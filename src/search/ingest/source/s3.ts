// Amazon S3 and what speaks its protocol: `s3://bucket/prefix`, signed with AWS Signature Version 4.

import { createHash, createHmac } from "node:crypto";
import { readXml } from "../format/xml.ts";
import type { FoundObject, ObjectStore } from "./object-store.ts";

export interface S3Settings {
  access_key_id?: string | undefined;
  secret_access_key?: string | undefined;
  session_token?: string | undefined;
  region?: string | undefined;
  /** Of another server than Amazon's; its buckets are then parts of the path. */
  endpoint?: string | undefined;
}

/** Without a key the bucket is read as anyone may. */
export function s3Store(
  bucket: string,
  prefix: string,
  settings: S3Settings,
  now: () => Date = () => new Date(),
): ObjectStore {
  const region = settings.region ?? "us-east-1";
  const base = settings.endpoint
    ? `${settings.endpoint.replace(/\/+$/, "")}/${bucket}`
    : bucket.includes(".")
      ? `https://s3.${region}.amazonaws.com/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`;
  return {
    scope: `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`,
    root: `s3://${bucket}/`,
    prefix,
    listUrl(marker) {
      const url = new URL(`${base}/`);
      url.searchParams.set("list-type", "2");
      // Keys may hold signs that XML does not.
      url.searchParams.set("encoding-type", "url");
      if (prefix !== "") url.searchParams.set("prefix", prefix);
      if (marker !== undefined) url.searchParams.set("continuation-token", marker);
      return url;
    },
    objectUrl: (key) => new URL(`${base}/${key.split("/").map(escaped).join("/")}`),
    sign: (url, { headers = {} }) => signV4(url, headers, { settings, region, time: now() }),
    readPage: readS3Page,
    advice:
      "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, and that the key may list the bucket and get its objects.",
  };
}

function readS3Page(xml: string): { objects: FoundObject[]; marker: string | undefined } {
  const objects: FoundObject[] = [];
  let isResult = false;
  let isEncoded = false;
  let isTruncated = false;
  let next = "";
  let text = "";
  let open: Partial<Record<string, string>> | undefined;
  readXml(xml, {
    open(name) {
      text = "";
      if (name === "ListBucketResult") isResult = true;
      if (name === "Contents") open = {};
    },
    text: (part) => (text += part),
    close(name) {
      if (name === "Contents" && open) {
        objects.push({ key: open["Key"] ?? "", bytes: Number(open["Size"] ?? 0), version: open["ETag"] ?? "" });
        open = undefined;
      } else if (open) open[name] ??= text;
      else if (name === "EncodingType") isEncoded = text === "url";
      else if (name === "IsTruncated") isTruncated = text === "true";
      else if (name === "NextContinuationToken") next = text;
    },
  });
  if (!isResult) throw new Error("no ListBucketResult");
  const decoded = (key: string): string => (isEncoded ? decodeURIComponent(key.replaceAll("+", " ")) : key);
  return {
    objects: objects.map((one) => ({ ...one, key: decoded(one.key) })),
    marker: isTruncated && next !== "" ? next : undefined,
  };
}

// The body of a GET is empty.
const NO_BODY = sha256("");

interface Signing {
  settings: S3Settings;
  region: string;
  time: Date;
}

/** Signature Version 4 for a GET. */
export function signV4(
  url: URL,
  given: Readonly<Record<string, string>>,
  { settings, region, time }: Signing,
): Record<string, string> {
  const { access_key_id: id, secret_access_key: secret, session_token: session } = settings;
  if (id === undefined || secret === undefined) return { ...given };
  const stamp = time.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const headers: Record<string, string> = { ...given, "x-amz-content-sha256": NO_BODY, "x-amz-date": stamp };
  if (session !== undefined) headers["x-amz-security-token"] = session;
  const signed = Object.entries({ ...headers, host: url.host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(";");
  const query = [...url.searchParams]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join("&");
  const canonical = [
    "GET",
    url.pathname
      .split("/")
      .map((part) => escaped(decodeURIComponent(part)))
      .join("/"),
    query,
    ...signed.map(([name, value]) => `${name}:${value.trim()}`),
    "",
    names,
    NO_BODY,
  ].join("\n");
  const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`;
  const key = scope.split("/").reduce<string | Buffer>((with_, part) => hmac(with_, part), `AWS4${secret}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n")).toString("hex");
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return headers;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** As the signature counts it: all but letters, digits and `-._~`. */
function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
