import { createInterface } from "node:readline/promises";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Console } from "../console.ts";
import { readLabels } from "./request.ts";
import { type NamedRunOptions, printRun, runStoreOf } from "./show.ts";

export async function archiveRun(options: NamedRunOptions, archived: boolean, console: Console): Promise<void> {
  const store = runStoreOf(options);
  const run = await store.update(options.name, { is_archived: archived });
  await printRun(store, run, console);
}

export async function updateRun(options: NamedRunOptions & { set: string[] }, console: Console): Promise<void> {
  const store = runStoreOf(options);
  const { displayName, description, tags } = readLabels(options.set);
  const before = await store.get(options.name);
  const run = await store.update(options.name, {
    display_name: displayName ?? before.display_name,
    description: description ?? before.description,
    tags: { ...before.tags, ...tags },
  });
  await printRun(store, run, console);
}

export async function deleteRun(options: NamedRunOptions & { yes?: boolean }, console: Console): Promise<void> {
  const store = runStoreOf(options);
  const run = await store.get(options.name);
  if (!options.yes && !(await isSure(`Delete run ${run.name} with everything in ${store.layout(run.name).folder}?`))) {
    console.say("Nothing was deleted.");
    return;
  }
  await store.delete(run.name);
  if (options.json) console.print(JSON.stringify({ name: run.name, deleted: true }));
  else console.say(`Run ${run.name} is deleted.`);
}

async function isSure(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new FlowsteadError("UsageError", "Deleting cannot be undone: say --yes where nobody can be asked.");
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `)).trim());
  } finally {
    reader.close();
  }
}
