// From `flow serve` to its first answer, beside the start of Node alone.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench, BenchOptions } from "./bench.ts";
import { startProgram } from "./program.ts";
import { writeServeFlow } from "./serve-flow.ts";
import { quantiles, round } from "./statistic.ts";

const ADDRESS = /^(http:\/\/127\.0\.0\.1:\d+)/m;
/** What the model takes for an answer in one piece; not the engine's. */
const MODEL_MS = 50;

export const coldStart: Bench = {
  name: "cold-start",
  about: "from the command `flow serve` to its first answer, over the start of Node alone",
  run: measure,
};

async function measure({ isQuick, signal }: BenchOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const model = await startProgram({ args: [], file: "bench/model.ts", ready: ADDRESS, signal });
  try {
    const flow = await writeServeFlow(folder);
    const args = ["flow", "serve", "--source", flow, "--port", "0", "--home", path.join(folder, "home")];
    const env = { OPENAI_BASE_URL: `${model.found}/v1`, OPENAI_API_KEY: "k" };
    const nodeMs: number[] = [];
    const readyMs: number[] = [];
    const answerMs: number[] = [];
    // The first start fills caches and is not counted.
    for (let number = 0; number <= (isQuick ? 2 : 10); number++) {
      const bare = await bareNode();
      const began = performance.now();
      const program = await startProgram({ args, env, ready: ADDRESS, signal });
      const ready = performance.now() - began;
      const answer = await fetch(`${program.found}/score`, { method: "POST", body: '{"question":"How many days?"}' });
      const text = await answer.text();
      const answered = performance.now() - began - MODEL_MS;
      await program.stop();
      if (!text.includes('"note":"Asked: How many days?"')) throw new Error(`Another answer came: ${text}`);
      if (number === 0) continue;
      nodeMs.push(bare);
      readyMs.push(ready);
      answerMs.push(answered);
    }
    const result = {
      quick: isQuick,
      starts: nodeMs.length,
      nodeAloneMs: quantiles(nodeMs),
      readyMs: quantiles(readyMs),
      firstAnswerMs: quantiles(answerMs),
    };
    const ratio = round(result.firstAnswerMs.p50 / result.nodeAloneMs.p50);
    console.error(
      `flow serve: ready after ${result.readyMs.p50} ms, first answer after ${result.firstAnswerMs.p50} ms without the model's own ${MODEL_MS} ms; Node alone ${result.nodeAloneMs.p50} ms (${ratio}x)`,
    );
    return { ...result, ratio };
  } finally {
    await model.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function bareNode(): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    spawn(process.execPath, ["-e", "0"], { stdio: "ignore" })
      .once("error", reject)
      .once("exit", () => resolve(performance.now() - began));
  });
}
