import { createHash } from "node:crypto";
import path from "node:path";
import { throwIfAborted } from "../../base/abort.ts";
import { type ErrorCode, FlowsteadError } from "../../base/error/error.ts";
import { ENGLISH } from "../analysis/language.ts";
import type { Passage, SearchIndex } from "../search-index.ts";
import { type AccessRules, accessRules } from "./access.ts";
import { type Batch, batchWriter } from "./batch.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import type { IngestLimits } from "./limit.ts";
import type { ReadDocument } from "./parse-task.ts";
import type { Parser } from "./parser.ts";
import type { IngestReport } from "./report.ts";
import { isInside } from "./scan-path.ts";
import type { FoundFile, Scan, Source } from "./source/source.ts";

export interface IngestParts {
  index: SearchIndex;
  journal: Journal;
  /** As many files are read at the same time. */
  parsers: readonly Parser[];
  limits: IngestLimits;
  /** What all documents are written in; each tells by itself when absent. */
  language?: string | undefined;
  signal: AbortSignal;
  report: IngestReport;
  /** Called after each file. */
  onFile(file: string): void;
}

// Raised when files come to be read or cut differently, so that all are indexed again.
const READING = "read/6";

/** Brings the index to what a scan of the source found; the report is filled as it goes. */
export async function ingest(source: Source, scan: Scan, parts: IngestParts): Promise<void> {
  const { index, journal, language, signal } = parts;
  const embedder = (await index.statistics(signal)).embedder ?? "words only";
  const pipeline = [READING, embedder, ...(language ? [`language ${language}`] : [])].join(";");
  const batch = batchWriter(index, journal, signal);
  const touched: JournalEntry[] = [];
  try {
    const { scope } = source;
    const top = topOf(scope, journal);
    const groupsOf = accessRules(top, (file) => source.text(file, signal));
    await ingestAll(scan, { ...parts, source, touched, scope, top, batch, pipeline, groupsOf });
    await batch.finish();
    if (touched.length > 0) await journal.append(...touched.map((entry) => ({ op: "put" as const, entry })));
  } finally {
    await batch.settle();
  }
}

async function ingestAll(scan: Scan, parts: FileParts): Promise<void> {
  const { scope, journal, signal, report, batch } = parts;
  const missing = await missingFromIndex(parts);
  const seen = new Set<string>();
  const queue = scan.files.values();
  let isOver = false;
  const read = async (parser: Parser): Promise<void> => {
    for (const found of queue) {
      if (isOver) return;
      throwIfAborted(signal);
      const { file } = found;
      const id = documentId(file);
      const known = missing.has(id) ? undefined : journal.state.entries.get(id);
      if (await ingestFile(found, known, { ...parts, parser })) seen.add(id);
      parts.onFile(file);
    }
  };
  const stop = (thrown: unknown): never => {
    isOver = true;
    throw thrown;
  };
  const lanes = await Promise.allSettled(parts.parsers.map((parser) => read(parser).catch(stop)));
  for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  for (const list of [report.failed, report.notes]) list.sort((a, b) => (a.file < b.file ? -1 : 1));
  const unread = scan.skipped.filter(({ reason }) => reason.startsWith("the folder cannot be read"));
  for (const { id, file, passages } of journal.state.entries.values()) {
    if (seen.has(id) || !isInside(file, scope) || unread.some((folder) => isInside(file, folder.file))) continue;
    if (passages > 0) report.removed += 1;
    await batch.add({ id, file, passages: [], entry: undefined });
  }
}

interface FileParts extends IngestParts {
  source: Source;
  /** Entries whose files have another version and the same content. */
  touched: JournalEntry[];
  /** What is being added. */
  scope: string;
  /** The known source around it, or the same. */
  top: string;
  batch: Batch;
  pipeline: string;
  groupsOf: AccessRules;
}

/** The folder that the collection knows around what is being added: its rules count for all below. */
function topOf(scope: string, { state }: Journal): string {
  return [...state.roots.keys()].find((root) => isInside(scope, root)) ?? scope;
}

/** Whether the file is still one of the collection. */
async function ingestFile(
  found: FoundFile,
  known: JournalEntry | undefined,
  parts: FileParts & { parser: Parser },
): Promise<boolean> {
  const { parser, limits, signal, report, batch } = parts;
  const { file, version } = found;
  const id = documentId(file);
  let sha256 = "";
  let bytes = 0;
  let { pipeline } = parts;
  try {
    const groups = await parts.groupsOf(file);
    if (groups) pipeline += `;groups ${JSON.stringify(groups)}`;
    if (
      known &&
      version !== undefined &&
      known.version === version &&
      isCurrent(known, known.sha256, { pipeline, limits })
    ) {
      return unchanged(known, report);
    }
    const read = await parts.source.read(found, limits, signal);
    if ("gone" in read) return false;
    if ("unsupported" in read) {
      report.skipped.push({ file, reason: read.unsupported });
      return false;
    }
    ({ sha256 } = read);
    bytes = read.bytes.length;
    if (known && isCurrent(known, sha256, { pipeline, limits })) {
      if (version !== undefined) parts.touched.push({ ...known, version });
      return unchanged(known, report);
    }
    const document = await parser.parse(read.bytes, path.basename(file), signal);
    const passages = toPassages({ id, source: sourceOf(parts.top, file), groups, language: parts.language }, document);
    if (known && known.passages > 0) report.changed += 1;
    else report.added += 1;
    report.passages += passages.length;
    report.notes.push(...document.notes.map((reason) => ({ file, reason })));
    const { title, mediaType, pages, notes } = document;
    const entry: JournalEntry = { ...blankEntry(id, file), title, mediaType, sha256, pipeline, bytes, notes };
    entry.passages = passages.length;
    if (pages !== undefined) entry.pages = pages;
    if (version !== undefined) entry.version = version;
    await batch.add({ id, file, passages, entry });
  } catch (thrown) {
    const { code, message } = FlowsteadError.from(thrown);
    // Only what is wrong with the file is its own line of the report; the rest stops the run.
    if (!code.startsWith("Document")) throw thrown;
    report.failed.push({ file, code, reason: message });
    // A file that cannot be opened just now keeps the passages it had.
    if (code === "DocumentUnreadable" && known && known.passages > 0) return true;
    if (known && known.passages > 0) report.removed += 1;
    const entry: JournalEntry = { ...blankEntry(id, file), sha256, pipeline: failing({ pipeline, limits }), bytes };
    entry.failure = { code, reason: message };
    if (version !== undefined) entry.version = version;
    await batch.add({ id, file, passages: [], entry });
  }
  return true;
}

/** A file that could not be read is told of again, and not read: its content is the same. */
function unchanged({ file, notes, failure }: JournalEntry, report: IngestReport): true {
  if (failure) report.failed.push({ file, code: failure.code as ErrorCode, reason: failure.reason });
  else report.unchanged += 1;
  report.notes.push(...notes.map((reason) => ({ file, reason })));
  return true;
}

const DAY_MS = 24 * 3600 * 1000;

function isCurrent(known: JournalEntry, sha256: string, { pipeline, limits }: Reading): boolean {
  if (known.pending || sha256 === "" || known.sha256 !== sha256) return false;
  if (!known.failure) return known.pipeline === pipeline;
  // A machine that was busy then may have the time another day.
  const isOld = Date.now() - Date.parse(known.indexedAt) > DAY_MS;
  if (known.failure.code === "DocumentTooSlow" && isOld) return false;
  return known.pipeline === failing({ pipeline, limits });
}

interface Reading {
  pipeline: string;
  limits: IngestLimits;
}

/** What a file failed with: the same file may be read once a limit is raised. */
function failing({ pipeline, limits }: Reading): string {
  return `${pipeline};limits ${Object.values(limits).join(" ")}`;
}

function blankEntry(id: string, file: string): JournalEntry {
  return {
    id,
    file,
    title: path.basename(file),
    mediaType: "",
    sha256: "",
    pipeline: "",
    bytes: 0,
    passages: 0,
    indexedAt: new Date().toISOString(),
    notes: [],
  };
}

/** The same file has the same id in every run, so that indexing it again replaces what is there. */
function documentId(file: string): string {
  return createHash("sha256").update(file).digest("hex").slice(0, 20);
}

/** The file as readers of a citation may know it: from the name of its folder on, and nothing of the machine above. */
function sourceOf(top: string, file: string): string {
  return [path.basename(top), ...path.relative(top, file).split(path.sep)].filter(Boolean).join("/");
}

interface Origin {
  id: string;
  source: string;
  groups: string[] | undefined;
  language: string | undefined;
}

function toPassages(origin: Origin, { title, chunks, language: told = ENGLISH }: ReadDocument): Passage[] {
  const { id, source, groups, language = told } = origin;
  return chunks.map(({ text, headings, page, start, end }, ordinal) => {
    const passage: Passage = {
      id: `${id}-${ordinal}`,
      documentId: id,
      title,
      text,
      ordinal,
      headings,
      start,
      end,
      source,
    };
    if (page !== undefined) passage.page = page;
    if (groups) passage.groups = groups;
    if (language !== ENGLISH) passage.language = language;
    return passage;
  });
}

/** Documents the journal believes in and an index that was replaced or damaged does not have. */
async function missingFromIndex({ index, journal, signal }: IngestParts): Promise<Set<string>> {
  const entries = [...journal.state.entries.values()];
  const expected = entries.reduce((sum, { passages }) => sum + passages, 0);
  const { passages: present } = await index.statistics(signal);
  const missing = new Set<string>();
  if (present >= expected) return missing;
  for (const { id, passages } of entries) {
    if ((await index.documentPassages(id, signal)).length < passages) missing.add(id);
  }
  return missing;
}
