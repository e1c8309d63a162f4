import type { Table } from "@lancedb/lancedb";
import { abortable, sleep, throwIfAborted } from "../../../base/abort.ts";
import { FlowsteadError, isAbort } from "../../../base/error/error.ts";
import type { Logger } from "../../../base/log.ts";
import type { Embedder } from "../../../model/embedder.ts";
import type { Analyzer } from "../../analysis/analyzer.ts";
import type { ResidentPassages } from "../../resident/passages.ts";
import { answerQuery, type CandidateSource } from "../../answer-query.ts";
import { embedPassages } from "../../embed-passage.ts";
import type { Readers } from "../../visibility.ts";
import type { IndexStatistics, Passage, SearchIndex, SearchQuery, SearchResult } from "../../search-index.ts";
import { cachedLexicon, type CachedLexicon } from "./cached-lexicon.ts";
import { type DocumentCount, documentCount } from "./document-count.ts";
import type { Engine } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import { isConflict, type Joining, joining } from "./joining.ts";
import { fromRow, termsOf, toRow, vectorField } from "./row.ts";
import { dataFolder, type IndexSetting, writeSetting } from "./setting.ts";
import { bytesIn } from "./size.ts";
import {
  mergeRows,
  passagesAt,
  passagesWhere,
  quoted,
  rowsByTerms,
  rowsByVector,
  whereDocuments,
  whereWithin,
} from "./table.ts";
import { type NearestIndex, nearestIndex } from "./nearest-index.ts";
import { fitsInMemory, type ResidentTable, residentTable } from "./resident-table.ts";
import { type Upkeep, upkeep } from "./upkeep.ts";

export interface EmbeddedParts {
  folder: string;
  engine: Engine;
  table: Table;
  setting: IndexSetting;
  analyzer: Analyzer;
  embedder: Embedder | undefined;
  log: Logger;
  /** Passages up to which they are kept in memory. */
  inMemory: number;
  /** Closes what the index was opened with. */
  release(): Promise<void>;
}

const ATTEMPTS = 8;

/** A `SearchIndex` in a folder of this machine, kept by LanceDB: any number of reading processes, writers take turns. */
export class EmbeddedIndex implements SearchIndex {
  readonly #parts: EmbeddedParts;
  readonly #lexicon: CachedLexicon;
  readonly #resident: ResidentTable;
  readonly #upkeep: Upkeep;
  readonly #joining: Joining;
  readonly #documents: DocumentCount;
  readonly #nearest: NearestIndex;
  #setting: IndexSetting;
  #writing: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(parts: EmbeddedParts) {
    this.#parts = parts;
    this.#setting = parts.setting;
    this.#lexicon = cachedLexicon(parts.table, dataFolder(parts.folder), parts.log);
    const fits = (count: number): boolean =>
      fitsInMemory(count, this.#setting.vectors?.dimensions ?? 0, parts.inMemory);
    this.#resident = residentTable(parts.table, fits, {
      tooLarge: () => this.#nearest.soon(),
      wasRead: (passages, version) => void this.#lexicon.learn(passages.wordCounts(), version),
    });
    this.#upkeep = upkeep(parts.table);
    this.#documents = documentCount(parts.table, dataFolder(parts.folder));
    const isResident = async (): Promise<boolean> => fits(await parts.table.countRows());
    const isExact = async (): Promise<boolean> => !this.#setting.vectors || isResident();
    this.#joining = joining({
      upkeep: this.#upkeep,
      log: parts.log,
      keepsGraph: (never) => this.#nearest.beforeJoining(never),
      ended: () => this.#nearest.soon(),
    });
    const parted = {
      isExact,
      isResident,
      isJoining: () => this.#joining.isUnderWay,
      tidy: () => this.#joining.whole(),
    };
    this.#nearest = nearestIndex({ ...parts, ...parted });
  }

  get name(): string {
    return this.#setting.name;
  }

  async upsert(passages: readonly Passage[], signal?: AbortSignal): Promise<void> {
    if (passages.length > 0) await this.#store(passages, undefined, signal);
  }

  async replaceDocuments(
    documentIds: readonly string[],
    passages: readonly Passage[],
    signal?: AbortSignal,
  ): Promise<void> {
    const all = [...new Set([...documentIds, ...passages.map(({ documentId }) => documentId)])];
    if (passages.length === 0) await this.deleteDocuments(all, signal);
    else await this.#store(passages, all, signal);
  }

  async deleteDocuments(documentIds: readonly string[], signal?: AbortSignal): Promise<void> {
    if (documentIds.length === 0) return;
    await this.#write(signal, async () => {
      await this.#resident.writing(
        () => this.#parts.table.delete(whereDocuments(documentIds)),
        (passages) => passages.removeDocuments(documentIds),
      );
      this.#upkeep.wrote(0);
    });
  }

  prepare(): void {
    if (this.#closed) return;
    const failed = (thrown: unknown): void =>
      this.#parts.log.warn({ err: thrown }, "the index could not be read ahead of the first query");
    this.#resident
      .current()
      .then((resident) => (resident || this.#closed ? undefined : this.#lexicon.current()))
      .catch(failed);
  }

  async query(query: SearchQuery, signal?: AbortSignal): Promise<SearchResult> {
    const { analyzer, embedder } = this.#parts;
    return this.#read(async () => {
      const source = await this.#source();
      return answerQuery(source, query, { analyzer, embedder, signal });
    }, signal);
  }

  async get(passageId: string, signal?: AbortSignal): Promise<Passage | undefined> {
    return this.#read(async () => {
      const resident = await this.#atHand();
      if (resident) return resident.get(passageId);
      return (await passagesWhere(this.#parts.table, `id = ${quoted(passageId)}`))[0];
    }, signal);
  }

  async documentPassages(documentId: string, signal?: AbortSignal): Promise<Passage[]> {
    return this.#read(async () => {
      const resident = await this.#atHand();
      return resident?.documentPassages(documentId) ?? passagesWhere(this.#parts.table, whereDocuments([documentId]));
    }, signal);
  }

  async statistics(signal?: AbortSignal, readers: Readers = "all"): Promise<IndexStatistics> {
    const { table, folder } = this.#parts;
    const where = whereWithin({ readers });
    const count = () => Promise.all([this.#documents.of(where), table.countRows(where), bytesIn(folder)]);
    const [documents, passages, bytes] = await this.#read(count, signal);
    const embedder = this.#setting.vectors?.fingerprint ?? this.#parts.embedder?.fingerprint;
    if (embedder === undefined) return { documents, passages, bytes };
    return { documents, passages, bytes, embedder, vectors: await this.#read(() => this.#nearest.kind(), signal) };
  }

  close(): Promise<void> {
    this.#nearest.close();
    this.#closed ??= this.#writing
      .catch(() => undefined)
      .then(() => Promise.all([this.#lexicon.settle(), this.#resident.settle()]))
      .then(() => this.#parts.release());
    return this.#closed;
  }

  /** The passages in memory; while they are read, the engine has to be asked. */
  async #atHand(): Promise<ResidentPassages | undefined> {
    const resident = await this.#resident.atHand();
    return resident === "reading" ? undefined : resident;
  }

  async #source(): Promise<CandidateSource> {
    const { table, engine } = this.#parts;
    const vectors = () => this.#setting.vectors;
    const found = await this.#resident.atHand();
    const atHand = found === "reading" ? await this.#lexicon.atHand() : undefined;
    // Without word counts the passages have to be read first.
    const resident = found === "reading" && !atHand ? await this.#resident.current() : found;
    if (resident && resident !== "reading") {
      return {
        vectors,
        lexicon: async () => resident.lexicon(),
        byTerms: async (terms, limit, within) => resident.byTerms(terms, limit, within),
        byVector: async (vector, limit, within) => resident.byVector(vector, limit, within),
      };
    }
    return {
      lexicon: () => (atHand ? Promise.resolve(atHand) : this.#lexicon.current()),
      byTerms: (terms, limit, within, isWhole) =>
        rowsByTerms(table, engine, terms, { limit, where: whereWithin(within), isWhole }),
      passages: (candidates) => passagesAt(table, candidates),
      byVector: (vector, limit, within) => rowsByVector(table, vector, { limit, where: whereWithin(within) }),
      version: () => table.version(),
      vectors,
    };
  }

  async #store(passages: readonly Passage[], stale: readonly string[] | undefined, signal: AbortSignal | undefined) {
    throwIfAborted(signal);
    const { embedder } = this.#parts;
    const dimensions = this.#setting.vectors?.dimensions ?? embedder?.dimensions;
    const embedded = await embedPassages(passages, { index: this.name, embedder, dimensions, signal });
    await this.#write(signal, async () => {
      await this.#makeRoomForVectors();
      const withVector = this.#setting.vectors !== undefined;
      // The engine refuses a batch that names an id twice; the later passage counts, as it would in two batches.
      const rows = new Map(embedded.map((p) => [p.id, toRow(p, this.#parts.analyzer, withVector)]));
      await this.#resident.writing(
        () => mergeRows(this.#parts.table, [...rows.values()], stale && whereDocuments(stale)),
        (resident) => {
          resident.removeDocuments(stale ?? []);
          for (const row of rows.values()) resident.put(fromRow(row), termsOf(row));
        },
      );
      this.#upkeep.wrote(rows.size);
    });
  }

  /** An index begun without an embedder gets its column of vectors with the first write that has one. */
  async #makeRoomForVectors(): Promise<void> {
    const { embedder, engine, table, folder } = this.#parts;
    if (!embedder || this.#setting.vectors) return;
    const { fingerprint, dimensions } = embedder;
    const columns = (await table.schema()).fields.map(({ name }) => name);
    // A column without a description is what a crash left, perhaps made for other dimensions.
    if (columns.includes("vector")) await table.dropColumns(["vector"]);
    await table.addColumns(vectorField(engine, dimensions));
    const setting = { ...this.#setting, vectors: { fingerprint, dimensions } };
    await writeSetting(folder, setting);
    this.#setting = setting;
  }

  /** One write at a time; a write that has begun is finished, so that an abort never leaves its outcome unknown. */
  async #write<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    const turn = this.#writing.then(async () => {
      throwIfAborted(signal);
      this.#nearest.writing();
      return this.#explained(() => this.#again(work));
    });
    this.#writing = turn
      .catch(() => undefined)
      .then(() => this.#keepUp())
      .catch((thrown: unknown) => this.#parts.log.warn({ err: thrown }, "upkeep of the index failed"));
    return turn;
  }

  async #keepUp(): Promise<void> {
    try {
      // Files that an index is being made of must not go meanwhile.
      if (this.#nearest.isBuilding || this.#joining.isUnderWay || !(await this.#upkeep.due())) return;
      await this.#joining.begin();
    } finally {
      this.#nearest.soon();
    }
  }

  /** The engine tells when another process has written at the same time; the work is then done on what that one left. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (thrown) {
        if (attempt === ATTEMPTS || !isConflict(thrown)) throw thrown;
        await sleep(attempt * 50 * Math.random());
        await this.#parts.table.checkoutLatest();
      }
    }
  }

  async #read<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#refuseWhenClosed();
    throwIfAborted(signal);
    return this.#explained(() => (signal ? abortable(work(), signal) : work()));
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new FlowsteadError("SearchFailed", `The index ${this.name} is closed.`);
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof FlowsteadError || isAbort(thrown)) throw FlowsteadError.from(thrown);
      throw engineFailure(this.name, thrown);
    }
  }
}
