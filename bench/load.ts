// Requests at a fixed rate, whatever becomes of those before: what a slow or lost answer costs is seen.

import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface Shot {
  /** Since the load began. */
  atMs: number;
  status: number;
  /** Of a connection that failed, or of a body. */
  problem?: string;
  tookMs: number;
  code?: string;
}

export interface Load {
  url: string;
  headers: Record<string, string>;
  body: string;
  perSecond: number;
  seconds: number;
  signal: AbortSignal;
}

export async function load({ url, headers, body, perSecond, seconds, signal }: Load): Promise<Shot[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const shots: Promise<Shot>[] = [];
  const startedAt = performance.now();
  try {
    for (let number = 0; number < perSecond * seconds; number++) {
      const waitMs = startedAt + (number * 1000) / perSecond - performance.now();
      if (waitMs > 1) await delay(waitMs, undefined, { signal });
      shots.push(shoot(agent, { url, headers, body }, startedAt));
    }
    return await Promise.all(shots);
  } finally {
    agent.destroy();
  }
}

function shoot(
  agent: Agent,
  { url, headers, body }: Pick<Load, "url" | "headers" | "body">,
  startedAt: number,
): Promise<Shot> {
  const from = performance.now();
  return new Promise((resolve) => {
    const done = (status: number, problem?: string): void =>
      resolve({ atMs: from - startedAt, status, tookMs: performance.now() - from, ...(problem ? { problem } : {}) });
    const call = request(
      url,
      { method: "POST", agent, headers: { ...headers, "content-length": Buffer.byteLength(body) } },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("error", (error) => done(0, error.message));
        response.once("end", () =>
          done(response.statusCode ?? 0, response.statusCode === 200 ? undefined : text.slice(0, 300)),
        );
      },
    );
    call.once("error", (error) => done(0, error.message));
    call.end(body);
  });
}
