// Images that a flow's inputs name by URL. They are fetched once, before any node runs, by the way out that the flow's
// own code has: through the proxy of its variables where there is one, else from public addresses only.

import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { FlowsteadError } from "../base/error/error.ts";
import { checkImageAddress, isPrivateHost } from "../prompt/image-address.ts";

export interface FetchSettings {
  /** Variables that may name proxies. */
  env: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal | undefined;
}

const LIMIT_BYTES = 20 * 2 ** 20;
const TIMEOUT_MS = 30_000;
const REDIRECTS = 5;

/** The bytes of an image. @throws FlowsteadError `InvalidImageInput`, in the original's words. */
export async function fetchImage(url: string, { env, signal }: FetchSettings): Promise<Buffer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const { EnvHttpProxyAgent, request } = await import("undici"); // Here, since few flows fetch images.
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: env["http_proxy"] ?? env["HTTP_PROXY"] ?? "",
    httpsProxy: env["https_proxy"] ?? env["HTTPS_PROXY"] ?? "",
    noProxy: env["no_proxy"] ?? env["NO_PROXY"] ?? "",
    proxyTunnel: false,
    connect: { lookup: lookupPublic },
  });
  try {
    let address = url;
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      checkImageAddress(address, url);
      const answer = await request(address, {
        dispatcher,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const { location } = answer.headers;
      if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === "string") {
        await answer.body.dump();
        address = new URL(location, address).href;
        continue;
      }
      const bytes = await readBounded(answer.body);
      if (answer.statusCode === 200) return bytes;
      const text = bytes.toString("utf8").slice(0, 1000);
      throw invalid(
        `Failed to fetch image from URL: ${url}. Error code: ${answer.statusCode}. Error message: ${text}.`,
      );
    }
    throw invalid(`Failed to fetch image from URL: ${url}. Error message: more than ${REDIRECTS} redirects.`);
  } catch (thrown) {
    throw failure(url, thrown, signal?.aborted ?? false);
  } finally {
    void dispatcher.destroy().catch(() => undefined);
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LIMIT_BYTES) throw new Error(`the image is larger than ${LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A name that cannot be found is refused as one that stands for a private address, as in the original. */
function failure(url: string, thrown: unknown, canceled: boolean): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  if (canceled) return new FlowsteadError("Canceled", "The work was canceled.", { cause: thrown });
  const { name, code, message } = thrown as NodeJS.ErrnoException;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === PRIVATE) {
    return invalid(`Failed to fetch image from URL: ${url}.`, thrown);
  }
  const reason = name === "TimeoutError" ? `no answer within ${TIMEOUT_MS / 1000} seconds` : message || code;
  return invalid(`Failed to fetch image from URL: ${url}. Error message: ${reason}.`, thrown);
}

function invalid(message: string, cause?: unknown): FlowsteadError {
  return new FlowsteadError("InvalidImageInput", message, { cause });
}

const PRIVATE = "EPRIVATE";

/** The check is made on the address that is connected to: a name could stand for another one a moment later. */
function lookupPublic(host: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error || !first) return callback(error ?? new Error(`${host} has no address`), "");
    const refused = addresses.find(({ address, family }) => isPrivateHost(family === 6 ? `[${address}]` : address));
    if (refused) {
      return callback(Object.assign(new Error(`${host} is a private or local address`), { code: PRIVATE }), "");
    }
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;
