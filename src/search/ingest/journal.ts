// What a collection holds, as a log of JSON lines: each change is one appended and synced line, so a crash costs at most
// the line being written, and a large collection is not written anew for each file. Opening for writing compacts it.

import { mkdir, open, readFile, truncate } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { writeFileAtomic } from "../../store/atomic-file.ts";

const Entry = z.object({
  /** The document's id in the index. */
  id: z.string(),
  /** Absolute path. */
  file: z.string(),
  title: z.string(),
  mediaType: z.string(),
  /** Of the file's bytes. */
  sha256: z.string(),
  /** Of the file as its source names it, where it can. */
  version: z.string().optional(),
  /** What read and embedded it; another one means that it has to be indexed again. */
  pipeline: z.string(),
  bytes: z.number(),
  passages: z.number(),
  pages: z.number().optional(),
  indexedAt: z.string(),
  notes: z.array(z.string()).default([]),
  /** Present when the file could not be read the last time; it has no passages then. */
  failure: z.object({ code: z.string(), reason: z.string() }).optional(),
  /** A change was begun and its end is not known: whatever the index holds of it is to be replaced. */
  pending: z.boolean().optional(),
});

const Root = z.object({ path: z.string(), addedAt: z.string(), language: z.string().optional() });

const Line = z.discriminatedUnion("op", [
  z.object({ op: z.literal("collection"), version: z.literal(1) }),
  z.object({ op: z.literal("root"), root: Root }),
  z.object({ op: z.literal("unroot"), path: z.string() }),
  z.object({ op: z.literal("put"), entry: Entry }),
  z.object({ op: z.literal("pending"), entries: z.array(z.object({ id: z.string(), file: z.string() })) }),
  z.object({ op: z.literal("drop"), ids: z.array(z.string()) }),
]);

export type JournalEntry = z.infer<typeof Entry>;
export type JournalRoot = z.infer<typeof Root>;
type JournalLine = z.infer<typeof Line>;

export interface JournalState {
  /** By path. */
  roots: Map<string, JournalRoot>;
  /** By document id. */
  entries: Map<string, JournalEntry>;
}

/** The state as of now; another process may be writing. @throws FlowsteadError `IndexDamaged`. */
export async function readJournal(file: string): Promise<JournalState> {
  return fold((await readLines(file)).lines);
}

export interface Journal {
  readonly state: JournalState;
  /** When it resolves the lines are on disk. */
  append(...lines: JournalLine[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens for writing; the caller holds the lock of the folder. */
export async function openJournal(file: string): Promise<Journal> {
  await mkdir(path.dirname(file), { recursive: true });
  const { lines, complete, total } = await readLines(file);
  const state = fold(lines);
  const live = 1 + state.roots.size + state.entries.size;
  if (total === 0 || lines.length > live * 2 + 50) await writeFileAtomic(file, compact(state));
  else if (complete < total) await truncate(file, complete);
  const handle = await open(file, "a");
  return {
    state,
    async append(...added) {
      await handle.appendFile(added.map((line) => `${JSON.stringify(line)}\n`).join(""));
      await handle.datasync();
      for (const line of added) apply(state, line);
    },
    close: () => handle.close(),
  };
}

/** Whole lines, and how many bytes they and the file have: a torn last line is what a crash leaves. */
async function readLines(file: string): Promise<{ lines: JournalLine[]; complete: number; total: number }> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return { lines: [], complete: 0, total: 0 };
    throw thrown;
  }
  const complete = bytes.lastIndexOf(0x0a) + 1;
  const texts = bytes.toString("utf8", 0, complete).split("\n").slice(0, -1);
  const lines = texts.map((text, at) => {
    try {
      return Line.parse(JSON.parse(text));
    } catch (thrown) {
      throw new FlowsteadError(
        "IndexDamaged",
        `Line ${at + 1} of ${file} is not part of a collection's journal. Remove the index and add its folders again.`,
        { cause: thrown },
      );
    }
  });
  return { lines, complete, total: bytes.length };
}

function fold(lines: readonly JournalLine[]): JournalState {
  const state: JournalState = { roots: new Map(), entries: new Map() };
  for (const line of lines) apply(state, line);
  return state;
}

function apply(state: JournalState, line: JournalLine): void {
  switch (line.op) {
    case "collection":
      break;
    case "root":
      state.roots.set(line.root.path, line.root);
      break;
    case "unroot":
      state.roots.delete(line.path);
      break;
    case "put":
      state.entries.set(line.entry.id, line.entry);
      break;
    case "drop":
      for (const id of line.ids) state.entries.delete(id);
      break;
    case "pending":
      for (const { id, file } of line.entries) {
        const known = state.entries.get(id) ?? blank(id, file);
        state.entries.set(id, { ...known, pending: true });
      }
      break;
  }
}

function blank(id: string, file: string): JournalEntry {
  const rest = {
    title: path.basename(file),
    mediaType: "",
    sha256: "",
    pipeline: "",
    bytes: 0,
    passages: 0,
    notes: [],
  };
  return { id, file, ...rest, indexedAt: "" };
}

function compact({ roots, entries }: JournalState): string {
  const lines: JournalLine[] = [
    { op: "collection", version: 1 },
    ...[...roots.values()].map((root) => ({ op: "root" as const, root })),
    ...[...entries.values()].map((entry) => ({ op: "put" as const, entry })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
