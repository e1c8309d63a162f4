// The router beside nginx as proxies of the same server of `/score`: CPU of the proxy's process for each call, time added
// to a whole answer and to the first byte of a stream. Both are asked in turns, so that a busy machine is busy for both.

import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench, BenchOptions } from "./bench.ts";
import { type Proxy, startNginx, stopProxy } from "./nginx.ts";
import { cpuUs, startProgram } from "./program.ts";
import { quantiles, round } from "./statistic.ts";
import { type StreamClient, streamClient } from "./stream.ts";
import { flowServer } from "../src/endpoint/flow-server.ts";
import { SILENT } from "../src/base/log.ts";
import type { FlowEvent } from "../src/flow/event.ts";
import type { Target } from "../src/flow/target.ts";

/** Opens the endpoint of the router that is measured. */
export const ROUTER_KEY = "key-of-the-router-under-measurement";
const TOKENS = [64, 500] as const;
const CONNECTIONS = [1, 50, 500] as const;
const WARM_CALLS = 3000;

export const router: Bench = {
  name: "router",
  about:
    "the endpoint's router beside nginx: CPU per call, p99 and first byte added, 64 and 500 tokens, 1 to 500 connections",
  run: measure,
};

interface Side {
  name: "direct" | "nginx" | "router";
  url: string;
  headers: Record<string, string>;
  pid?: number;
}

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "router-"));
  const upstream = await startUpstream();
  const client = streamClient(signal);
  let nginx: Proxy | undefined;
  const program = await startProgram({
    file: "bench/router-process.ts",
    args: [`${upstream.url}/score`, ROUTER_KEY],
    ready: /^ {2}(http:\S+)$/m,
    signal,
  });
  try {
    nginx = await startNginx(folder, upstream.url);
    const sides: Side[] = [
      { name: "direct", url: `${upstream.url}/score`, headers: {} },
      { name: "nginx", url: `${nginx.url}/score`, headers: {}, pid: nginx.child.pid },
      {
        name: "router",
        url: `${program.found}/endpoints/bench/score`,
        headers: { authorization: `Bearer ${ROUTER_KEY}` },
        pid: program.pid,
      },
    ];
    const results: Record<string, unknown> = {};
    // What a server that has just begun takes longer for is compiled by then.
    for (const side of sides) await many(client, side, { tokens: 64, connections: 8, calls: WARM_CALLS });
    for (const tokens of TOKENS) {
      for (const connections of CONNECTIONS) {
        const calls = Math.max(connections, isQuick ? 40 : 400);
        const rounds = isQuick ? 2 : 6;
        results[`${tokens} tokens, ${connections} connections`] = await compare(client, sides, {
          tokens,
          connections,
          calls,
          rounds,
        });
      }
    }
    return { quick: isQuick, loads: results };
  } finally {
    client.close();
    if (nginx) await stopProxy(nginx);
    await program.stop();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  client: StreamClient,
  sides: readonly Side[],
  { tokens, connections, calls, rounds }: { tokens: number; connections: number; calls: number; rounds: number },
): Promise<Record<string, unknown>> {
  const measured = new Map(
    sides.map(({ name }) => [name, { cpuUs: [] as number[], first: [] as number[], total: [] as number[] }]),
  );
  for (let number = -1; number < rounds; number++) {
    for (const side of number % 2 === 0 ? sides : sides.toReversed()) {
      const before = await cpuUs(side.pid);
      const timed = await many(client, side, { tokens, connections, calls });
      // The first round is for what is compiled and connected at first use.
      if (number < 0) continue;
      const into = measured.get(side.name);
      into?.cpuUs.push((await cpuUs(side.pid)) - before);
      into?.first.push(...timed.map(({ firstTextMs }) => firstTextMs));
      into?.total.push(...timed.map(({ totalMs }) => totalMs));
    }
  }
  const of = (name: Side["name"]) => {
    const { cpuUs: cpu = [], first = [], total = [] } = measured.get(name) ?? {};
    return { cpu: Math.min(...cpu) / calls, first: quantiles(first), total: quantiles(total) };
  };
  const [direct, nginx, own] = [of("direct"), of("nginx"), of("router")];
  const result = {
    cpuUsPerCall: { nginx: round(nginx.cpu), router: round(own.cpu) },
    ratioToNginx: round(own.cpu / nginx.cpu),
    addedFirstByteMs: {
      nginx: round(nginx.first.p50 - direct.first.p50),
      router: round(own.first.p50 - direct.first.p50),
    },
    addedTotalP99Ms: {
      nginx: round(nginx.total.p99 - direct.total.p99),
      router: round(own.total.p99 - direct.total.p99),
    },
  };
  console.error(`${tokens} tokens, ${connections} connections: ${JSON.stringify(result)}`);
  return result;
}

async function many(
  client: StreamClient,
  { url, headers }: Side,
  { tokens, connections, calls }: { tokens: number; connections: number; calls: number },
) {
  const timed: { firstTextMs: number; totalMs: number }[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun++ < calls) {
      const body = JSON.stringify({ question: String(tokens) });
      const {
        firstTextMs,
        totalMs,
        body: text,
      } = await client.post({
        url,
        body,
        headers: { accept: "text/event-stream", ...headers },
        firstText: /"answer":/,
      });
      const got = text.match(/"answer":/g)?.length;
      if (got !== tokens) throw new Error(`${url} gave ${got} of ${tokens} tokens.`);
      timed.push({ firstTextMs, totalMs });
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return timed;
}

/** A server of `/score` that answers with as many tokens as the question says. */
export async function startUpstream(): Promise<{ url: string; close(): Promise<void> }> {
  const signature = {
    name: "bench",
    inputs: [{ name: "question", type: "string", isChatInput: true, isChatHistory: false }],
    outputs: [{ name: "answer", type: "string", isChatOutput: true, evaluationOnly: false, streamed: true }],
  };
  const target: Target = {
    describe: async () => signature,
    async *invoke({ inputs }): AsyncGenerator<FlowEvent> {
      const count = Number(inputs.question);
      yield {
        type: "flow-start",
        runId: "r",
        flow: "bench",
        time: 0,
        inputs,
        outputs: { plain: [], streamed: ["answer"] },
      };
      for (let token = 0; token < count; token++) {
        // A turn of the event loop apart, so that tokens are writes of their own.
        if (token % 4 === 0) await new Promise(setImmediate);
        yield { type: "text-delta", output: "answer", text: "word " };
      }
      const usage = { promptTokens: 0, completionTokens: count, totalTokens: count };
      yield { type: "flow-end", time: 0, durationMs: 0, outputs: { answer: "word ".repeat(count) }, usage };
    },
    close: async () => {},
  };
  const server = flowServer(target, { log: SILENT, version: "bench" });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
