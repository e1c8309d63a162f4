// What callers lose while parts of the running system are lost: a steady load on `/score` through the loss of an instance,
// a hung one, a zone, a replacement of all instances, and a region that refuses or is cut off.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Bench, BenchOptions } from "./bench.ts";
import { type Shot, load } from "./load.ts";
import { type Program, startProgram } from "./program.ts";
import { quantiles } from "./statistic.ts";

const PER_SECOND = 150;
const SECONDS = 60;
const QUICK_SECONDS = 24;

/** A flow of one Python-free node would need a model; this one quotes its input. */
const FLOW = `inputs:
  question: {type: string, is_chat_input: true, default: hi}
outputs:
  answer: {type: string, reference: "\${say.output}", is_chat_output: true}
nodes:
- name: say
  type: prompt
  source: {type: code, path: say.jinja2}
  inputs: {question: "\${inputs.question}"}
`;

export const drill: Bench = {
  name: "drill",
  about:
    "150 requests a second through lost instances, a lost zone, a replacement and lost regions: failures and retries",
  run: measure,
};

interface Status {
  endpoints: {
    name: string;
    deployments: { name: string; isSettled: boolean; counts: { retried: number }; instances: Instance[] }[];
  }[];
}
interface Instance {
  name: string;
  zone: string;
  state: string;
  pid?: number;
}

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "drill-"));
  const programs: Program[] = [];
  const region = await openRegion();
  try {
    const flow = path.join(folder, "flow");
    await writeFlow(flow);
    const home = path.join(folder, "home");
    const config = path.join(folder, "flowstead.yaml");
    await writeFile(
      config,
      configuration({ home, flow, documents: path.join(folder, "documents"), region: region.url }),
    );
    const up = await startProgram({ args: ["up", "--config", config], ready: /^ {2}(http:\S+)$/m, signal });
    programs.push(up);
    const control = await controlOf(home);
    const keyOf = keysOf(home, config);
    region.lend(`${up.found}/endpoints/chat`, await keyOf("chat"));
    const seconds = isQuick ? QUICK_SECONDS : SECONDS;
    const shotsOf = async (endpoint: string, events: readonly Event[]): Promise<Report> => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${await keyOf(endpoint)}` };
      const url = `${up.found}/endpoints/${endpoint}/score`;
      const before = await retries(control, endpoint);
      const stop = new AbortController();
      const told: { what: string; atMs: number }[] = [];
      const script = play(events, { seconds, told, signal: stop.signal });
      // Thrown below, when the load has ended.
      script.catch(() => {});
      try {
        const body = JSON.stringify({ question: "How are you?" });
        const shots = await load({ url, headers, body, perSecond: PER_SECOND, seconds, signal });
        await script;
        return report(shots, told, (await retries(control, endpoint)) - before);
      } finally {
        stop.abort();
        await script.catch(() => {});
      }
    };
    const instances = await shotsOf("chat", instanceDrills(control));
    show("instances", instances);
    await untilSettled(control, signal);
    const regions = await shotsOf("global", regionDrills(region));
    show("regions", regions);
    return { quick: isQuick, perSecond: PER_SECOND, seconds, instances, regions };
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await region.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Event {
  what: string;
  /** Share of the load's time. */
  at: number;
  do(): Promise<void> | void;
}

async function play(
  events: readonly Event[],
  { seconds, told, signal }: { seconds: number; told: { what: string; atMs: number }[]; signal: AbortSignal },
): Promise<void> {
  const startedAt = performance.now();
  for (const event of events) {
    await delay(Math.max(0, startedAt + event.at * seconds * 1000 - performance.now()), undefined, { signal });
    told.push({ what: event.what, atMs: Math.round(performance.now() - startedAt) });
    await event.do();
  }
}

function instanceDrills(control: Control): Event[] {
  const victim = async (): Promise<number> => {
    const { endpoints } = await control<Status>("/status");
    const all = endpoints.find(({ name }) => name === "chat")?.deployments.flatMap(({ instances }) => instances) ?? [];
    const pid = all.find(({ state, pid }) => state === "ready" && pid !== undefined)?.pid;
    if (pid === undefined) throw new Error("There is no instance that is ready.");
    return pid;
  };
  return [
    { what: "kill -9 of an instance", at: 0.1, do: async () => void process.kill(await victim(), "SIGKILL") },
    { what: "an instance hangs", at: 0.25, do: async () => void process.kill(await victim(), "SIGSTOP") },
    { what: "zone 2 down", at: 0.5, do: async () => void (await control("/zones/2", { up: false })) },
    { what: "zone 2 up", at: 0.65, do: async () => void (await control("/zones/2", { up: true })) },
    {
      what: "rolling replacement",
      at: 0.8,
      do: async () => void (await control("/endpoints/chat/deployments/blue/restart", {})),
    },
  ];
}

function regionDrills(region: Region): Event[] {
  return [
    { what: "region answers 429", at: 0.2, do: () => region.refuse(true) },
    { what: "region answers again", at: 0.4, do: () => region.refuse(false) },
    { what: "region cut off", at: 0.6, do: () => region.cut() },
    { what: "region back", at: 0.8, do: () => region.restore() },
  ];
}

interface Region {
  readonly url: string;
  lend(to: string, key: string): void;
  refuse(is: boolean): void;
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** A region: forwards to the endpoint of the system until it is told to refuse, or is cut off with its connections. */
async function openRegion(): Promise<Region> {
  let target = { url: "", key: "" };
  let isRefusing = false;
  const make = (): Server =>
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (isRefusing && request.url === "/score") {
          response.writeHead(429, { "retry-after-ms": "1000" }).end('{"error":{"message":"too many requests"}}');
          return;
        }
        const headers = { "content-type": "application/json", authorization: `Bearer ${target.key}` };
        const body = request.method === "POST" ? { body: Buffer.concat(chunks) } : {};
        fetch(target.url + request.url, { method: request.method ?? "GET", headers, ...body }).then(
          async (answer) => {
            const text = await answer.text();
            response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(text);
          },
          () => response.destroy(),
        );
      });
    });
  let server = make();
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen({ host: "127.0.0.1", port }, resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${port}/score`,
    lend: (url, key) => void (target = { url, key }),
    refuse: (is) => void (isRefusing = is),
    cut,
    restore: () => {
      server = make();
      return listen(port);
    },
    close: cut,
  };
}

interface Report {
  requests: number;
  failed: number;
  retried: number;
  latencyMs: { p50: number; p99: number };
  events: { what: string; atMs: number; failed: number }[];
  problems: string[];
}

/** Each failure counts for the event that was the last one before it began. */
function report(shots: readonly Shot[], events: readonly { what: string; atMs: number }[], retried: number): Report {
  const failures = shots.filter(({ status }) => status !== 200);
  const ends = [...events.slice(1).map(({ atMs }) => atMs), Infinity];
  return {
    requests: shots.length,
    failed: failures.length,
    retried,
    latencyMs: quantiles(shots.map(({ tookMs }) => tookMs)),
    events: events.map(({ what, atMs }, index) => ({
      what,
      atMs,
      failed: failures.filter((shot) => shot.atMs + shot.tookMs >= atMs && shot.atMs + shot.tookMs < (ends[index] ?? 0))
        .length,
    })),
    problems: [...new Set(failures.map(({ status, problem }) => `${status} ${problem ?? ""}`))].slice(0, 10),
  };
}

type Control = <T>(path: string, body?: object) => Promise<T>;

async function controlOf(home: string): Promise<Control> {
  const { url, token } = JSON.parse(await readFile(path.join(home, "running.json"), "utf8")) as {
    url: string;
    token: string;
  };
  return async <T>(route: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const post = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${url}/control${route}`, { headers, ...post });
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
}

/** Of endpoints by command, as everybody gets them; those of regions lie in the state folder. */
function keysOf(home: string, config: string): (endpoint: string) => Promise<string> {
  return async (endpoint) => {
    const file = path.join(home, "keys", `${endpoint}.json`);
    const args = [
      "dist/cli/main.js",
      "online-endpoint",
      "get-credentials",
      "-n",
      endpoint,
      "-o",
      "json",
      "--config",
      config,
    ];
    const text = existsSync(file)
      ? await readFile(file, "utf8")
      : (await promisify(execFile)(process.execPath, args)).stdout;
    return (JSON.parse(text) as { primaryKey: string }).primaryKey;
  };
}

async function retries(control: Control, endpoint: string): Promise<number> {
  const { endpoints } = await control<Status>("/status");
  const deployments = endpoints.find(({ name }) => name === endpoint)?.deployments ?? [];
  return deployments.reduce((sum, { counts }) => sum + counts.retried, 0);
}

async function untilSettled(control: Control, signal: AbortSignal): Promise<void> {
  for (let look = 0; look < 300; look++) {
    const { endpoints } = await control<Status>("/status");
    if (endpoints.every(({ deployments }) => deployments.every(({ isSettled }) => isSettled))) return;
    await delay(100, undefined, { signal });
  }
  throw new Error("The instances did not settle within 30 s.");
}

async function writeFlow(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await mkdir(path.join(folder, "..", "documents"), { recursive: true });
  await writeFile(path.join(folder, "..", "documents", "note.md"), "# Note\n\nNothing to see.\n");
  await writeFile(path.join(folder, "flow.dag.yaml"), FLOW);
  await writeFile(path.join(folder, "say.jinja2"), "You asked: {{question}}\n");
}

function configuration(at: { home: string; flow: string; documents: string; region: string }): string {
  return `home: ${at.home}
port: 0
log: { level: warn }
documents: { folder: ${at.documents} }
endpoint:
  flow: ${at.flow}
  instances: 3
  request_timeout_ms: 30000
regional_endpoints:
  - name: global
    request_timeout_ms: 30000
    probe: { initial_delay: 0, period: 0.5, timeout: 1, failure_threshold: 2 }
    members:
      - { name: near, url: "${at.region}" }
      - { name: home, endpoint: chat, priority: 1 }
`;
}

function show(name: string, { requests, failed, retried, latencyMs, events, problems }: Report): void {
  console.error(
    `\n${name}: ${failed} of ${requests} requests failed, ${retried} moved; p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`,
  );
  for (const { what, atMs, failed: lost } of events)
    console.error(`  ${(atMs / 1000).toFixed(1).padStart(6)} s  ${what.padEnd(26)} ${lost} failed`);
  for (const problem of problems) console.error(`  ${problem}`);
}
