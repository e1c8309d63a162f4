// `tool validate`: every tool of a file, a folder, an installed package, a class or a function, each read as flows would read it.

import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import type { PythonPool } from "../../python/pool.ts";
import type { Console } from "../console.ts";
import type { HomeOptions } from "../option.ts";
import { withPython } from "./python.ts";

export interface ToolValidateOptions extends HomeOptions {
  source: string;
}

const ENTRY = "flowstead_worker.verdict:verdict";
const VERDICT = z.union([
  z.object({ problem: z.string() }),
  z.object({
    count: z.number(),
    invalid: z.number(),
    faults: z.array(z.object({ message: z.string(), function_name: z.string().optional(), location: z.string() })),
  }),
]);

/** The result has the original's form; the exit code is 1 when a tool cannot be used. */
export async function toolValidate({ source, ...home }: ToolValidateOptions, console: Console): Promise<void> {
  const isThere = existsSync(source);
  const isFile = isThere && source.endsWith(".py");
  const directory = isFile ? path.dirname(path.resolve(source)) : process.cwd();
  const verdict = await withPython(directory, home, (python) => ask(isThere ? path.resolve(source) : source, python));
  if ("problem" in verdict) {
    throw new FlowsteadError("UsageError", `Invalid source to validate tools: ${source}: ${verdict.problem}`);
  }
  const { count, invalid, faults } = verdict;
  if (invalid > 0) console.fail();
  // The original takes it for valid, so that scripts of its users do.
  else if (count === 0) console.say(`warning: ${source} has no tool: no function with the decorator @tool.`);
  console.print(
    stringifyJson(
      {
        result: invalid > 0 ? "Failed" : "Succeeded",
        total_count: count,
        invalid_count: invalid,
        ...(faults.length > 0 ? { errors: faults } : {}),
      },
      2,
    ),
  );
}

async function ask(source: string, python: PythonPool): Promise<z.infer<typeof VERDICT>> {
  await python.loadEntry(ENTRY, {});
  const session = python.session("tool validate");
  const answer = await session.call(
    { file: ENTRY, inputs: { source }, init: [], connections: {}, images: [], imageFormat: "basic" },
    { onText: ignore, onLog: ignore, onMetric: ignore },
    new AbortController().signal,
  );
  return VERDICT.parse(answer);
}

/** What the files print while they are read is no part of the verdict. */
function ignore(): void {}
