import path from "node:path";
import { pathToFileURL } from "node:url";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { writeReport } from "../../run/report.ts";
import { openInBrowser } from "../browser-open.ts";
import type { Console } from "../console.ts";
import type { HomeOptions } from "../option.ts";
import { runStoreOf } from "./show.ts";

interface VisualizeOptions extends HomeOptions {
  names: string;
  htmlPath?: string;
  open: boolean;
  json?: boolean;
}

export async function visualizeRuns(options: VisualizeOptions, console: Console): Promise<void> {
  const store = runStoreOf(options);
  const names = [...new Set(options.names.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  const [first] = names;
  if (first === undefined) throw new FlowsteadError("UsageError", "Name at least one run with --names.");
  const runs = await Promise.all(names.map((name) => store.get(name)));
  const file = path.resolve(options.htmlPath ?? path.join(store.layout(first).folder, "visualize.html"));
  const counts = await writeReport({ store, runs, file }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === undefined || cause instanceof FlowsteadError) throw cause;
    throw new FlowsteadError("UsageError", `Cannot write the page ${file}: ${cause.message}`, { cause });
  });
  for (const [index, { shown, total }] of counts.entries()) {
    if (shown < total && !options.json)
      console.say(`note: the page has the first ${shown} of the ${total} lines of ${names[index]}`);
  }
  const opened = options.open && !options.json && openInBrowser(pathToFileURL(file).href);
  if (options.json) return console.print(stringifyJson({ html_path: file, names, opened }, 4));
  if (options.open && !opened) console.say("There is no screen to open it on; open this file in a browser:");
  console.print(file);
}
