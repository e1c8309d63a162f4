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
  const { displayName, description, tags, notes } = readLabels(options.set);
  const before = await store.get(options.name);
  if (displayName === undefined && description === undefined && Object.keys(tags).length === 0)
    throw new FlowsteadError("UsageError", `Nothing to change. ${notes.join(" ")}`);
  const run = await store.update(options.name, {
    display_name: displayName ?? before.display_name,
    description: description ?? before.description,
    tags: { ...before.tags, ...tags },
  });
  if (!options.json) for (const note of notes) console.say(`note: ${note}`);
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

/** Asks until it is yes or no; a script may answer on standard input. */
async function isSure(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    reader.setPrompt(`${question} [y/n] `);
    reader.prompt();
    for await (const line of reader) {
      if (/^y(es)?$/i.test(line.trim())) return true;
      if (/^no?$/i.test(line.trim())) return false;
      reader.setPrompt("Say y or n: ");
      reader.prompt();
    }
  } finally {
    reader.close();
  }
  throw new FlowsteadError("UsageError", "Deleting cannot be undone: say --yes where nobody can be asked.");
}
