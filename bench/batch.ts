// Batch runs: how many lines a second go through one Python node, and through a prompt node without Python, beside a floor
// of the same run: a bare loop that reads the rows, does the same work and writes one line of output each. The batch run
// writes the original's folder besides: inputs, outputs, artifacts of flow and nodes, logs, and a journal that survives
// kill -9. Memory is that of the main process over a long run. With `--original FILE` the original's `pf` runs the Python flow, too.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench, BenchOptions } from "./bench.ts";
import { round } from "./statistic.ts";

export const batch: Bench = {
  name: "batch",
  about: "batch runs over a bare loop: lines a second with a Python node and without, memory over a long run",
  run: measure,
};

const MAIN = "dist/cli/main.js";
const SIZES = {
  full: { lines: 20_000, long: 100_000, rounds: 3, original: 400 },
  quick: { lines: 2_000, long: 5_000, rounds: 1, original: 40 },
} as const;
const SAMPLE_MS = 200;

/** The work of one line, as a flow and as the bare loop has it. */
interface Side {
  name: "prompt" | "python";
  files: Record<string, string>;
  /** Program and arguments of the loop; it is given the data and the output, and prints its seconds. */
  loop(folder: string): [string, ...string[]];
}

const FLOW = (type: string, file: string): string =>
  `inputs:\n  who: {type: string}\noutputs:\n  text: {type: string, reference: "\${greet.output}"}\nnodes:\n- name: greet\n  type: ${type}\n  source: {type: code, path: ${file}}\n  inputs: {who: "\${inputs.who}"}\n`;

const NODE_LOOP = `
import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
const [data, output] = process.argv.slice(2);
const began = performance.now();
const out = createWriteStream(output);
for await (const line of createInterface({ input: createReadStream(data) })) {
  const row = JSON.parse(line);
  if (!out.write(JSON.stringify({ text: "Hello " + row.who + "!" }) + "\\n")) await once(out, "drain");
}
out.end();
await once(out, "finish");
console.log((performance.now() - began) / 1000);
`;

const PYTHON_LOOP = `
import json, sys, time
from greet_work import greet
began = time.perf_counter()
with open(sys.argv[1]) as data, open(sys.argv[2], "w") as output:
    for line in data:
        output.write(json.dumps({"text": greet(json.loads(line)["who"])}) + "\\n")
print(time.perf_counter() - began)
`;

const SIDES: readonly Side[] = [
  {
    name: "prompt",
    files: {
      "flow/flow.dag.yaml": FLOW("prompt", "greet.jinja2"),
      "flow/greet.jinja2": "Hello {{ who }}!",
      "loop.mjs": NODE_LOOP,
    },
    loop: (folder) => [process.execPath, path.join(folder, "loop.mjs")],
  },
  {
    name: "python",
    files: {
      "flow/flow.dag.yaml": FLOW("python", "greet.py"),
      "flow/greet.py":
        "from promptflow.core import tool\n\n\n@tool\ndef greet(who: str) -> str:\n    return 'Hello ' + who + '!'\n",
      "greet_work.py": "def greet(who):\n    return 'Hello ' + who + '!'\n",
      "loop.py": PYTHON_LOOP,
    },
    loop: (folder) => ["python3", path.join(folder, "loop.py")],
  },
];

async function measure({ isQuick, original, signal }: BenchOptions): Promise<Record<string, unknown>> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run node scripts/setup.mjs first.`);
  const folder = await mkdtemp(path.join(tmpdir(), "bench-"));
  const size = isQuick ? SIZES.quick : SIZES.full;
  try {
    const data = await writeRows(folder, size.lines);
    const rates: Record<string, unknown> = {};
    for (const side of SIDES) {
      const place = path.join(folder, side.name);
      await writeFiles(place, side.files);
      const compared = await compare(side, { place, data, lines: size.lines, rounds: size.rounds, signal });
      rates[side.name] = compared;
      show(side.name, compared);
    }
    const beside =
      original === undefined ? undefined : await runOriginal(original, { folder, lines: size.original, signal });
    if (beside) {
      const { batchLinesPerSecond = 0 } = (rates["python"] ?? {}) as Partial<Compared>;
      rates["original"] = { ...beside, ratio: round(batchLinesPerSecond / beside.linesPerSecond) };
      console.error(
        `original: ${beside.linesPerSecond} lines/s with the same Python node, over ${size.original} lines`,
      );
    }
    const long = await writeRows(folder, size.long);
    const { memory } = await runBatch(path.join(folder, "prompt"), { data: long, name: "long", signal });
    const shown = memoryOver(memory, size.long);
    console.error(
      `\nmemory over ${size.long} lines: ${shown.earlyMb} MB in the second quarter, ${shown.lateMb} MB in the last; ratio ${shown.ratio}, peak ${shown.peakMb} MB`,
    );
    return { quick: isQuick, lines: size.lines, rates, memory: { lines: size.long, ...shown } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Rounds {
  place: string;
  data: string;
  lines: number;
  rounds: number;
  signal: AbortSignal;
}

interface Compared {
  batchLinesPerSecond: number;
  floorLinesPerSecond: number;
  /** Of the floor's time: how many times as long the batch run takes. */
  ratio: number;
}

/** Loop and batch run in turns; the median of each counts. */
async function compare(side: Side, { place, data, lines, rounds, signal }: Rounds): Promise<Compared> {
  const [floors, batches]: [number[], number[]] = [[], []];
  for (let number = 0; number < rounds; number++) {
    floors.push(await floor(side.loop(place), { data, output: path.join(place, "floor.jsonl"), lines, signal }));
    const { seconds, completed } = await runBatch(place, { data, name: `round_${number}`, signal });
    if (completed !== lines) throw new Error(`${completed} of ${lines} lines completed.`);
    batches.push(seconds);
  }
  const [alone, whole] = [median(floors), median(batches)];
  return {
    batchLinesPerSecond: Math.round(lines / whole),
    floorLinesPerSecond: Math.round(lines / alone),
    ratio: round(whole / alone),
  };
}

async function floor(
  [program, ...args]: [string, ...string[]],
  { data, output, lines, signal }: { data: string; output: string; lines: number; signal: AbortSignal },
): Promise<number> {
  const { stdout } = await execute(program, [...args, data, output], signal);
  const written = (await readFile(output, "utf8")).trimEnd().split("\n").length;
  if (written !== lines) throw new Error(`The loop wrote ${written} of ${lines} lines.`);
  return Number(stdout.trim());
}

/** The Python side's flow through the original's own batch run, by the duration that it reports itself. */
async function runOriginal(
  pf: string,
  { folder, lines, signal }: { folder: string; lines: number; signal: AbortSignal },
): Promise<{ linesPerSecond: number; lines: number }> {
  const flow = path.join(folder, "python", "flow");
  const data = await writeRows(folder, lines);
  const env = { PF_HOME_DIRECTORY: path.join(folder, "original"), PF_DISABLE_TRACING: "true" };
  const args = [
    "run",
    "create",
    "--flow",
    flow,
    "--data",
    data,
    "--column-mapping",
    "who=${data.who}",
    "--name",
    "one",
  ];
  const { stdout } = await execute(pf, args, signal, env);
  const duration = Number(/"duration": ([\d.]+)/.exec(stdout)?.[1]);
  if (!(duration > 0)) throw new Error(`${pf} reported no duration:\n${stdout}`);
  return { linesPerSecond: round(lines / duration), lines };
}

interface BatchFigures {
  /** From the first line to the last file. */
  seconds: number;
  completed: number;
  /** Bytes of the main process, every now and then. */
  memory: number[];
}

async function runBatch(
  place: string,
  { data, name, signal }: { data: string; name: string; signal: AbortSignal },
): Promise<BatchFigures> {
  const home = path.join(place, "home");
  const flow = path.join(place, "flow");
  const args = [MAIN, "run", "create", "--flow", flow, "--data", data, "--name", name, "--home", home, "--json"];
  const { memory } = await execute(process.execPath, args, signal);
  const record = JSON.parse(await readFile(path.join(home, "runs", name, "run.json"), "utf8")) as {
    system_metrics: Record<string, number>;
  };
  await rm(path.join(home, "runs", name), { recursive: true });
  const { duration = 0, "__pf__.lines.completed": completed = 0 } = record.system_metrics;
  return { seconds: duration, completed, memory };
}

async function execute(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
  more: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; memory: number[] }> {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...more },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const memory: number[] = [];
  const sampling = setInterval(() => {
    void residentBytes(child.pid ?? 0).then((bytes) => bytes !== undefined && memory.push(bytes));
  }, SAMPLE_MS);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}\n${stderr}`);
  } finally {
    clearInterval(sampling);
  }
  return { stdout, memory };
}

async function residentBytes(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(text)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function memoryOver(samples: readonly number[], lines: number) {
  const quarter = Math.floor(samples.length / 4);
  const early = median(samples.slice(quarter, 2 * quarter));
  const late = median(samples.slice(3 * quarter));
  const mb = (bytes: number): number => Math.round(bytes / 2 ** 20);
  return {
    earlyMb: mb(early),
    lateMb: mb(late),
    peakMb: mb(Math.max(0, ...samples)),
    ratio: round(late / early),
    bytesPerLine: Math.round((late - early) / (lines / 2)),
  };
}

async function writeRows(folder: string, lines: number): Promise<string> {
  const file = path.join(folder, `rows-${lines}.jsonl`);
  await writeFile(file, Array.from({ length: lines }, (_, n) => `{"who": "person ${n}"}\n`).join(""));
  return file;
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function show(name: string, { batchLinesPerSecond, floorLinesPerSecond, ratio }: Compared): void {
  console.error(
    `${name.padEnd(8)}${String(batchLinesPerSecond).padStart(8)} lines/s, bare loop ${String(floorLinesPerSecond).padStart(8)} lines/s, ratio of times ${ratio}`,
  );
}
