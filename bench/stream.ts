// One streamed answer over HTTP, timed: the same client for everything that is compared.

import { Agent, request } from "node:http";

export interface StreamRequest {
  url: string;
  body: string;
  /** Besides the content's. */
  headers?: Record<string, string>;
  /** Ends in front of the first text; what comes before it are headings and steps. */
  firstText: RegExp;
}

export interface TimedStream {
  /** From the call to the first piece of text. */
  firstTextMs: number;
  /** From the call to the end of the body. */
  totalMs: number;
  body: string;
}

export interface StreamClient {
  /** @throws Error when the status is not 200, or no text came. */
  post(call: StreamRequest): Promise<TimedStream>;
  close(): void;
}

/** Keeps its connections, as browsers and gateways do; the signal cuts them all. */
export function streamClient(signal: AbortSignal): StreamClient {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  signal.addEventListener("abort", () => agent.destroy(), { once: true });
  return {
    post: (call) => post(agent, call),
    close: () => agent.destroy(),
  };
}

function post(agent: Agent, { url, body, headers: more, firstText }: StreamRequest): Promise<TimedStream> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...more };
    const call = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      let firstTextMs: number | undefined;
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (firstTextMs === undefined && firstText.test(text)) firstTextMs = performance.now() - start;
      });
      response.once("error", reject);
      response.once("end", () => {
        const totalMs = performance.now() - start;
        if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode} ${text}`));
        else if (firstTextMs === undefined) reject(new Error(`${url}: no text came: ${text.slice(0, 2000)}`));
        else resolve({ firstTextMs, totalMs, body: text });
      });
    });
    call.once("error", reject);
    call.end(body);
  });
}
