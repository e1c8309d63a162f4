// What a Python function or class takes and gives: a flow of our own asks Python, so that nothing of it is guessed here.

import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { SILENT } from "../../base/log.ts";
import type { ValueMap } from "../../base/value.ts";
import { openFlow } from "../../flow/flow-target.ts";
import { PARAMETER } from "../../python/message.ts";
import { openResourcesHere } from "./open.ts";
import type { HomeOptions } from "../option.ts";

const PARAMETERS = z.record(z.string(), PARAMETER);
const SIGNATURE = z.object({
  inputs: PARAMETERS,
  /** Parameters of the class; null for a function. */
  init: PARAMETERS.nullable(),
  outputs: z.record(z.string(), z.string()).nullable(),
});

export type DescribedEntry = z.infer<typeof SIGNATURE>;
type Parameters = z.infer<typeof PARAMETERS>;

/** @throws FlowsteadError `UsageError` for an entry that cannot be imported. */
export async function describeEntry(entry: string, folder: string, home: HomeOptions): Promise<DescribedEntry> {
  const { resources, config, env, close } = await openResourcesHere(home, SILENT);
  try {
    const flow = await openFlow({
      directory: folder,
      definition: {
        name: "describe",
        inputs: [],
        outputs: [],
        nodes: [],
        variants: {},
        environmentVariables: {},
        additionalIncludes: [],
        messageFormat: "basic",
        flex: { entry: "flowstead_worker.describe:describe_entry", init: [] },
        file: path.basename(folder),
      },
      tools: [],
      resources,
      python: { interpreter: config.python, env },
    });
    try {
      return await ask(flow.invoke({ inputs: { entry } }, new AbortController().signal), entry);
    } finally {
      await flow.close();
    }
  } finally {
    await close();
  }
}

async function ask(
  events: ReturnType<Awaited<ReturnType<typeof openFlow>>["invoke"]>,
  entry: string,
): Promise<DescribedEntry> {
  for await (const event of events) {
    if (event.type === "flow-end") return SIGNATURE.parse(event.outputs);
    if (event.type === "error") {
      const why = event.error.message.replace(/^Execution failure in '\w+': /, "");
      throw new FlowsteadError("UsageError", `The entry ${entry} cannot be read: ${why}`);
    }
  }
  throw new FlowsteadError("Unexpected", "Python ended without an answer.");
}

/** Parameters as flow.flex.yaml and flow.dag.yaml declare them. */
export function declared(parameters: Parameters): ValueMap {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { type, has_default, default: value }]) => [
      name,
      {
        type: type[0] ?? "object",
        ...(has_default && value !== null && value !== undefined ? { default: value } : {}),
      },
    ]),
  );
}
