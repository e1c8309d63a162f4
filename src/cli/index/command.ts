import path from "node:path";
import { Command } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Config } from "../../config/schema.ts";
import { languageCodes, languageOf } from "../../search/analysis/language.ts";
import type { Collection } from "../../search/ingest/collection.ts";
import type { IngestProgress, IngestReport } from "../../search/ingest/report.ts";
import { watchSource } from "../../search/ingest/watch.ts";
import type { Console } from "../console.ts";
import { addImportCommand } from "./import.ts";
import { addedLine } from "./report.ts";
import { addQueryCommands } from "./query.ts";
import { type IndexOptions, readIndex, rebuildIndex, removeIndex, useIndex } from "./use.ts";
import { withHome } from "../option.ts";

interface JsonOption extends IndexOptions {
  json?: boolean;
}

interface RemoveOptions extends JsonOption {
  all?: boolean;
}

interface AddOptions extends JsonOption {
  quiet?: boolean;
  language?: string;
  watch?: boolean;
}

export function indexCommand(console: Console): Command {
  const index = new Command("index");
  const sub = (name: string, description: string): Command =>
    withHome(index.command(name))
      .description(description)
      .option("-i, --index <name>", "name of the index (default: the one that the chat searches)")
      .option("--json", "print JSON");

  sub(
    "add <source>",
    "index a folder, file, ZIP archive, s3://BUCKET/PREFIX or az://CONTAINER/PREFIX; again, only what has changed",
  )
    .option("-q, --quiet", "no progress")
    .option("-l, --language <code>", "what its documents are written in, as de (default: each document tells)")
    .option("-w, --watch", "stay, and take up what changes")
    .action((source: string, options: AddOptions) =>
      useIndex(options, ({ collection, config }) =>
        add(collection, source, { ...options, settings: config.documents, console }),
      ),
    );
  sub("list", "list the folders that are indexed").action((options: JsonOption) =>
    readIndex(options, async ({ collection }) => {
      const folders = await collection.list();
      if (options.json) return console.print(JSON.stringify(folders, null, 2));
      if (folders.length === 0) console.say("Nothing is indexed. Add a folder with: flowstead index add FOLDER");
      for (const { folder, documents, passages, failed } of folders) {
        console.print(
          `${folder}  ${documents} documents, ${passages} passages${failed > 0 ? `, ${failed} failed` : ""}`,
        );
      }
    }),
  );
  sub("remove [target]", "take a folder, a file or a document out of the index, or remove it whole")
    .option("--all", "the whole index, also one whose files are broken; the documents themselves are not touched")
    .action(async (target: string | undefined, options: RemoveOptions) => {
      if ((target === undefined) !== (options.all === true)) {
        throw new FlowsteadError("InvalidRequest", "Name what to remove, or remove the whole index with --all.");
      }
      if (target === undefined) return removeAll(options, console);
      await readIndex(options, async ({ collection }) => {
        const removal = await collection.remove(target);
        console.print(
          options.json
            ? JSON.stringify(removal, null, 2)
            : `Removed ${removal.documents} documents (${removal.passages} passages).`,
        );
      });
    });
  sub("status", "what the index holds, and what could not be indexed").action((options: JsonOption) =>
    readIndex(options, async ({ collection, home }) => {
      const status = await collection.status();
      if (options.json) return console.print(JSON.stringify(status, null, 2));
      console.print(
        `${status.documents} documents, ${status.passages} passages in ${home}${status.indexedAt ? `, last change ${status.indexedAt}` : ""}`,
      );
      if (status.unfinished > 0)
        console.print(`${status.unfinished} documents were cut short: add their folder again to finish them.`);
      for (const { file, reason } of status.failed) console.print(`not indexed: ${file}: ${reason}`);
    }),
  );
  sub("rebuild", "read all that was added anew, beside the index, and put the result in its place at once")
    .option("-q, --quiet", "no progress")
    .action((options: AddOptions) => rebuild(options, console));
  addImportCommand(sub, console);
  addQueryCommands(sub, console);
  return index;
}

async function add(
  collection: Collection,
  source: string,
  {
    json,
    quiet,
    watch,
    language,
    settings,
    console,
  }: AddOptions & { settings: Readonly<Config["documents"]>; console: Console },
): Promise<void> {
  const controller = new AbortController();
  // What has been indexed stays; the same command goes on from there.
  process.once("SIGINT", () => controller.abort());
  const report = await collection.addFolder(source, {
    signal: controller.signal,
    ...(language ? { language: knownLanguage(language) } : {}),
    ...indexing({ quiet, json }, console),
  });
  console.settle();
  const show = (of: IngestReport): void =>
    json ? console.print(JSON.stringify(of, null, 2)) : printReport(of, console);
  show(report);
  if (!watch) return;
  console.say(`Watching ${report.folder}; Ctrl-C ends it.`);
  await watchSource(collection, source, {
    intervalMs: settings.watch_interval_seconds * 1000,
    signal: controller.signal,
    onChange: show,
    onFailure: ({ message }) => console.say(`note: ${message}`),
  });
}

async function rebuild(options: AddOptions, console: Console): Promise<void> {
  const controller = new AbortController();
  // The index stays as it was; the same command goes on from there.
  process.once("SIGINT", () => controller.abort());
  const reports = await rebuildIndex(options, { signal: controller.signal, ...indexing(options, console) });
  console.settle();
  if (options.json) console.print(JSON.stringify(reports, null, 2));
  else for (const report of reports) printReport(report, console);
}

function indexing({ quiet, json }: AddOptions, console: Console): { onProgress: (progress: IngestProgress) => void } {
  return {
    onProgress: (progress) => {
      if (quiet || json) return;
      console.bar("Indexing", { ...progress, current: path.basename(progress.file) });
    },
  };
}

function printReport(report: IngestReport, console: Console): void {
  console.print(addedLine(report));
  for (const { file, reason } of report.failed) console.print(`not indexed: ${file}: ${reason}`);
  for (const { file, reason } of [...report.skipped, ...report.notes]) console.print(`note: ${file}: ${reason}`);
}

/** @throws FlowsteadError `InvalidRequest`. */
function knownLanguage(code: string): string {
  const language = languageOf(code);
  if (language) return language.code;
  throw new FlowsteadError(
    "InvalidRequest",
    `--language ${code} is not known: use one of ${languageCodes().join(", ")}.`,
  );
}

async function removeAll(options: RemoveOptions, console: Console): Promise<void> {
  const name = await removeIndex(options);
  console.print(options.json ? JSON.stringify({ removed: name }) : `Removed the index ${name}.`);
}
