import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import { SILENT } from "../base/log.ts";
import { type Value, type ValueMap, isMap } from "../base/value.ts";
import type { FlowEvent } from "../flow/event.ts";
import { parseVariant } from "../flow/variant.ts";
import { RunRecord } from "../run/record.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import type { Console } from "./console.ts";
import { pairs } from "./pair.ts";
import { openFlowHere } from "./flow-open.ts";
import { withPlaces } from "./flow-place.ts";
import type { HomeOptions } from "./option.ts";

export interface FlowTestOptions extends HomeOptions {
  flow: string;
  inputs?: string[];
  variant?: string;
  detail?: string;
  environmentVariables?: string[];
  json?: boolean;
}

export async function flowTest(options: FlowTestOptions, console: Console): Promise<void> {
  const inputs = await readInputs(options.inputs ?? []);
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  const { flow, close } = await openFlowHere(
    options,
    {
      directory: options.flow,
      variant: options.variant === undefined ? undefined : parseVariant(options.variant),
      environmentVariables: pairs(options.environmentVariables ?? []),
      serving: false,
    },
    SILENT,
  ).catch((thrown: unknown) => {
    throw withPlaces(thrown, options.flow);
  });
  warnOfUnknown(inputs, flow.signature.inputs, console);
  const record = new RunRecord();
  try {
    for await (const event of flow.invoke({ inputs }, controller.signal)) {
      record.add(event);
      if (!options.json) sayEvent(event, console);
    }
  } finally {
    await close();
  }
  if (options.detail !== undefined) await writeDetail(options.detail, record);
  if (record.error) throw withPlaces(FlowsteadError.fromBody(record.error), options.flow);
  console.print(stringifyJson(record.outputs ?? {}, 4));
}

/** A misspelt input would else go unseen where the flow has a default. */
function warnOfUnknown(inputs: ValueMap, known: readonly { name: string }[], console: Console): void {
  const names = known.map(({ name }) => name);
  const unknown = Object.keys(inputs).filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  console.say(`warning: the flow has no input ${unknown.join(", ")}; its inputs are ${names.join(", ") || "none"}`);
}

function sayEvent(event: FlowEvent, console: Console): void {
  if (event.type === "node-log") console.say(`[${event.node}] ${event.text.trimEnd()}`);
  else if (event.type === "node-end")
    console.say(`${event.node}: ${event.status} in ${(event.durationMs / 1000).toFixed(2)} s`);
  else if (event.type === "warning") console.say(`warning: ${event.message}`);
}

/** `name=value` words, or one file with a JSON object (of a .jsonl file, its first line). */
async function readInputs(words: readonly string[]): Promise<ValueMap> {
  const [first] = words;
  if (words.length !== 1 || first === undefined || !/\.jsonl?$/.test(first)) return pairs(words);
  const text = await readFile(first, "utf8").catch((cause: Error) => {
    throw new FlowsteadError("UsageError", `Cannot read the inputs file ${first}: ${cause.message}`, { cause });
  });
  const value = readJson(first.endsWith(".jsonl") ? (text.split("\n", 1)[0] ?? "") : text, first);
  if (!isMap(value))
    throw new FlowsteadError("UsageError", `${first} must hold a JSON object whose keys are the flow's inputs.`);
  return value;
}

function readJson(text: string, file: string): Value {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new FlowsteadError("UsageError", `Cannot read the inputs file ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function writeDetail(folder: string, record: RunRecord): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files: [string, unknown][] = [
    ["flow.detail.json", record.detail],
    ["flow.output.json", record.outputs ?? {}],
    ["flow.metrics.json", record.metrics],
  ];
  for (const [name, content] of files) await writeFileAtomic(path.join(folder, name), `${stringifyJson(content, 4)}\n`);
}
