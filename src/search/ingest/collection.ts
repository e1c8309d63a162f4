// A collection: the folders whose files an index holds. It knows what it has indexed of them, so that adding a folder
// again costs only what has changed, and an interrupted run goes on where it was.

import { availableParallelism } from "node:os";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Logger } from "../../base/log.ts";
import { lockState } from "../../store/lock.ts";
import type { SearchIndex } from "../search-index.ts";
import { batchWriter } from "./batch.ts";
import { ingest } from "./ingest.ts";
import {
  type Journal,
  type JournalEntry,
  type JournalRoot,
  type JournalState,
  openJournal,
  readJournal,
} from "./journal.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "./limit.ts";
import { restingParsers } from "./parser.ts";
import { type FailedFile, type IngestProgress, type IngestReport, progressMeter } from "./report.ts";
import { isInside } from "./scan-path.ts";
import { openSource, type SourceSettings, sourceScope } from "./source/open.ts";

export interface CollectionOptions {
  index: SearchIndex;
  /** Where the collection keeps its journal: `folderOf` of the index, so that both go together, also when that changes. */
  folder: string | (() => string | Promise<string>);
  limits?: Partial<IngestLimits>;
  /** What the documents are written in; each tells by itself when absent. */
  language?: string | undefined;
  /** How stores of objects are reached. */
  sources?: SourceSettings | undefined;
  log: Logger;
}

export interface AddOptions {
  /** What the documents of this source are written in; remembered for the next time. */
  language?: string;
  onProgress?(progress: IngestProgress): void;
  signal?: AbortSignal;
}

interface CollectionFolder {
  folder: string;
  addedAt: string;
  documents: number;
  passages: number;
  failed: number;
}

interface CollectionDocument {
  id: string;
  file: string;
  title: string;
  mediaType: string;
  bytes: number;
  passages: number;
  pages?: number;
  indexedAt: string;
}

interface CollectionStatus {
  folders: CollectionFolder[];
  documents: number;
  passages: number;
  failed: FailedFile[];
  /** Documents whose indexing was cut short; adding their folder again finishes it. */
  unfinished: number;
  /** When a document was last written, or undefined. */
  indexedAt?: string;
}

interface Removal {
  folders: number;
  documents: number;
  passages: number;
}

export interface Collection {
  /**
   * Indexes what is new or changed in a folder, file, archive or store of objects, and takes out what is gone from it.
   * @throws FlowsteadError `DocumentNotFound`, `SourceRefused`, `SourceUnavailable`, `StateLocked` while another process writes, `Canceled`, or the index's.
   */
  addFolder(target: string, options?: AddOptions): Promise<IngestReport>;
  list(): Promise<CollectionFolder[]>;
  /** The documents in the index, or those of one folder, by path. */
  documents(folder?: string): Promise<CollectionDocument[]>;
  /** Takes a folder, a file or a document's id out of the index. @throws FlowsteadError `DocumentNotFound`. */
  remove(target: string, signal?: AbortSignal): Promise<Removal>;
  status(): Promise<CollectionStatus>;
}

// Starting a process costs about as much as reading a few files.
const FILES_A_PROCESS = 12;
const MOST_PROCESSES = 4;

export function journalOf(folder: string): string {
  return path.join(folder, "collection.jsonl");
}

export function openCollection({
  index,
  folder,
  limits: given,
  language,
  sources = {},
  log,
}: CollectionOptions): Collection {
  const place = async (): Promise<string> => (typeof folder === "function" ? folder() : folder);
  const limits: IngestLimits = { ...DEFAULT_LIMITS, ...given };

  const resting = restingParsers(limits);
  // One at a time in this process; of other processes the lock tells.
  let turn: Promise<unknown> = Promise.resolve();
  const writing = <T>(work: (journal: Journal) => Promise<T>): Promise<T> => {
    const next = turn.then(() => writingAlone(work));
    turn = next.catch(() => undefined);
    return next;
  };
  const writingAlone = async <T>(work: (journal: Journal) => Promise<T>): Promise<T> => {
    const here = await place();
    const lock = await lockState(here);
    // While it was waited for, the index may have been built anew, elsewhere.
    if ((await place()) !== here) {
      await lock.release();
      return writingAlone(work);
    }
    try {
      const journal = await openJournal(journalOf(here));
      try {
        return await work(journal);
      } finally {
        await journal.close();
      }
    } finally {
      await lock.release();
    }
  };

  return {
    async addFolder(target, { language: own, onProgress, signal = new AbortController().signal } = {}) {
      const scope = sourceScope(target);
      const source = await openSource(scope, sources);
      const started = performance.now();
      const add = async (journal: Journal): Promise<IngestReport> => {
        const scan = await source.list(signal);
        const root = await takeRoot(journal, scope, own);
        const report = emptyReport(scope);
        report.skipped.push(...scan.skipped);
        const onFile = progressMeter(scan.files.length, (progress) => onProgress?.(progress));
        const wanted = Math.floor(scan.files.length / FILES_A_PROCESS);
        const processes = Math.max(1, Math.min(availableParallelism(), MOST_PROCESSES, wanted));
        const parsers = resting.take(processes);
        try {
          await ingest(source, scan, {
            index,
            journal,
            parsers,
            limits,
            language: root.language ?? language,
            signal,
            report,
            onFile,
          });
        } finally {
          resting.giveBack(parsers);
        }
        report.seconds = (performance.now() - started) / 1000;
        const { added, changed, removed, failed, seconds } = report;
        log.info({ folder: scope, added, changed, removed, failed: failed.length, seconds }, "folder indexed");
        return report;
      };
      return writing(add).finally(() => source.close());
    },

    async list() {
      return folders(await readJournal(journalOf(await place())));
    },

    async documents(under) {
      const scope = under === undefined ? undefined : sourceScope(under);
      const { entries } = await readJournal(journalOf(await place()));
      return [...entries.values()]
        .filter((entry) => entry.passages > 0 && (scope === undefined || isInside(entry.file, scope)))
        .map(({ id, file: where, title, mediaType, bytes, passages, pages, indexedAt }) => {
          const document = { id, file: where, title, mediaType, bytes, passages, indexedAt };
          return pages === undefined ? document : { ...document, pages };
        })
        .sort((a, b) => (a.file < b.file ? -1 : 1));
    },

    async remove(target, signal = new AbortController().signal) {
      const scope = sourceScope(target);
      return writing(async (journal) => {
        const { roots, entries } = journal.state;
        const left = [...roots.keys()].filter((root) => isInside(root, scope));
        const gone = [...entries.values()].filter((entry) => entry.id === target || isInside(entry.file, scope));
        if (left.length === 0 && gone.length === 0) {
          throw new FlowsteadError("DocumentNotFound", `${target} is not in the index. \`list\` names what is.`);
        }
        const documents = gone.filter(({ passages }) => passages > 0);
        const removal = {
          folders: left.length,
          documents: documents.length,
          passages: documents.reduce((sum, { passages }) => sum + passages, 0),
        };
        // The folders go first: a removal that is cut short is then taken up by doing it again, not by the next add.
        for (const root of left) await journal.append({ op: "unroot", path: root });
        const batch = batchWriter(index, journal, signal);
        try {
          for (const { id, file: where } of gone) await batch.add({ id, file: where, passages: [], entry: undefined });
          await batch.finish();
        } finally {
          await batch.settle();
        }
        return removal;
      });
    },

    async status() {
      const state = await readJournal(journalOf(await place()));
      const entries = [...state.entries.values()];
      const indexedAt = entries
        .map((entry) => entry.indexedAt)
        .sort()
        .at(-1);
      const status: CollectionStatus = {
        folders: folders(state),
        documents: entries.filter(({ passages }) => passages > 0).length,
        passages: entries.reduce((sum, { passages }) => sum + passages, 0),
        failed: entries.flatMap(failureOf),
        unfinished: entries.filter(({ pending }) => pending).length,
      };
      if (indexedAt) status.indexedAt = indexedAt;
      return status;
    },
  };
}

/** A folder inside a known one is part of that; a folder around known ones takes them in. */
async function takeRoot(journal: Journal, scope: string, language: string | undefined): Promise<JournalRoot> {
  const { roots } = journal.state;
  const around = [...roots.values()].find(({ path: root }) => isInside(scope, root));
  if (around && (language === undefined || around.language === language)) return around;
  const root: JournalRoot = around ? { ...around } : { path: scope, addedAt: new Date().toISOString() };
  if (language !== undefined) root.language = language;
  const inner = [...roots.keys()].filter((other) => other !== root.path && isInside(other, scope));
  await journal.append({ op: "root", root }, ...inner.map((other) => ({ op: "unroot" as const, path: other })));
  return root;
}

function folders({ roots, entries }: JournalState): CollectionFolder[] {
  return [...roots.values()].map(({ path: folder, addedAt }) => {
    const inside = [...entries.values()].filter(({ file }) => isInside(file, folder));
    return {
      folder,
      addedAt,
      documents: inside.filter(({ passages }) => passages > 0).length,
      passages: inside.reduce((sum, { passages }) => sum + passages, 0),
      failed: inside.filter(({ failure }) => failure).length,
    };
  });
}

function failureOf({ file, failure }: JournalEntry): FailedFile[] {
  return failure ? [{ file, code: failure.code as FailedFile["code"], reason: failure.reason }] : [];
}

function emptyReport(folder: string): IngestReport {
  return {
    folder,
    added: 0,
    changed: 0,
    unchanged: 0,
    removed: 0,
    failed: [],
    skipped: [],
    notes: [],
    passages: 0,
    seconds: 0,
  };
}
