// Debian's wrk: one thread in C that loads a server until that has no time left. A generator in JavaScript costs more than
// most of what it calls, and what is called then waits, wakes up for one call at a time, and seems to cost more than it does.

import { execFile, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { round } from "./statistic.ts";

export interface WrkLoad {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Bytes that each answer has at least. */
  leastBytes: number;
  connections: number;
  seconds: number;
  /** Where its script is written. */
  script: string;
  signal: AbortSignal;
}

export interface WrkResult {
  /** None where what is measured did not get its turn. */
  calls: number;
  p50Ms: number;
  p99Ms: number;
}

/** What is measured has the first core to itself, and what loads it and answers it has the others. */
const MEASURED = "0";
const OTHERS = `1-${availableParallelism() - 1}`;
const run = promisify(execFile);

/** What a load by it lacks here; undefined when it can be had. */
export function lackingForWrk(): string | undefined {
  if (availableParallelism() < 2) return "a second core";
  const env = { PATH: `${process.env.PATH}:/usr/sbin` };
  return ["wrk", "taskset", "nginx"].find(
    (program) => spawnSync("sh", ["-c", `command -v ${program}`], { env, stdio: "ignore" }).status !== 0,
  );
}

/** All threads of a process, and those that it will start. */
export async function pin(pid: number | undefined, as: "measured" | "other"): Promise<void> {
  if (pid !== undefined) await run("taskset", ["-a", "-c", "-p", as === "measured" ? MEASURED : OTHERS, String(pid)]);
}

/** POSTs the same body over and over. @throws Error when one answer was not whole, or had another status than 200 or so. */
export async function wrk({ script, url, seconds, connections, signal, ...call }: WrkLoad): Promise<WrkResult> {
  await writeFile(script, scriptOf(call));
  const words = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "20s", "--latency", "-s", script, url];
  const { stdout } = await run("taskset", ["-c", OTHERS, "wrk", ...words], { signal });
  const told = JSON.parse(/^told (.*)$/m.exec(stdout)?.[1] ?? "{}") as Record<string, number>;
  const { calls = 0, failed = 0, bytes = 0, p50 = Number.NaN, p99 = Number.NaN } = told;
  if (told.calls === undefined || failed > 0) throw new Error(`${url}: ${failed} of ${calls} calls failed\n${stdout}`);
  if (bytes < calls * call.leastBytes) throw new Error(`${url}: answers of ${bytes / calls} bytes are not whole`);
  return { calls, p50Ms: round(p50 / 1000), p99Ms: round(p99 / 1000) };
}

function scriptOf({ headers, body }: Pick<WrkLoad, "headers" | "body">): string {
  const all = { "content-type": "application/json", ...headers };
  return [
    `wrk.method = "POST"`,
    `wrk.body = [==[${body}]==]`,
    ...Object.entries(all).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`),
    `function done(summary, latency)`,
    `  local errors = summary.errors`,
    `  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout`,
    `  local form = 'told {"calls":%d,"failed":%d,"bytes":%d,"p50":%d,"p99":%d}\\n'`,
    `  io.write(form:format(summary.requests, failed, summary.bytes, latency:percentile(50), latency:percentile(99)))`,
    `end`,
    "",
  ].join("\n");
}
