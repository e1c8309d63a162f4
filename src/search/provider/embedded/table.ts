import type { Table } from "@lancedb/lancedb";
import type { Candidate } from "../../answer-query.ts";
import { lexiconBuilder, type WordCounts } from "../../lexicon.ts";
import type { Passage } from "../../search-index.ts";
import type { Within } from "../../visibility.ts";
import type { Engine } from "./engine.ts";
import { fromRow, HIT_COLUMNS, type Row, termsOf } from "./row.ts";

export const TABLE = "passages";
const TERM_COLUMNS = ["body_terms", "field_terms"];
/** How many neighbours an index of vectors looks at before it answers. */
const LEAST_LOOKED_AT = 200;

/** Full text without an analysis of its own: the columns hold terms that are analysed already. */
export async function createTermIndexes(table: Table, { lance }: Engine): Promise<void> {
  for (const column of TERM_COLUMNS) {
    const config = lance.Index.fts({
      baseTokenizer: "whitespace",
      withPosition: false,
      lowercase: false,
      stem: false,
      removeStopWords: false,
      asciiFolding: false,
      maxTokenLength: 512,
    });
    await table.createIndex(column, { config });
  }
}

/** In one commit: rows of the same id are replaced, and other rows that `stale` describes are removed. */
export async function mergeRows(table: Table, rows: readonly Row[], stale?: string): Promise<void> {
  let merge = table.mergeInsert("id").whenMatchedUpdateAll().whenNotMatchedInsertAll();
  if (stale !== undefined) merge = merge.whenNotMatchedBySourceDelete({ where: stale });
  await merge.execute(rows as unknown as Record<string, unknown>[]);
}

export async function rowsByTerms(
  table: Table,
  { lance }: Engine,
  terms: readonly string[],
  { limit, where }: { limit: number; where: string | undefined },
): Promise<Candidate[]> {
  const match = new lance.MultiMatchQuery(terms.join(" "), TERM_COLUMNS, { operator: lance.Operator.Or });
  let query = table
    .query()
    .fullTextSearch(match)
    .select([...HIT_COLUMNS, "_score"])
    .limit(limit);
  if (where !== undefined) query = query.where(where);
  const rows: (Row & { _score: number })[] = await query.toArray();
  return candidates(rows, (row) => row._score);
}

export async function rowsByVector(
  table: Table,
  vector: Float32Array,
  { limit, where }: { limit: number; where: string | undefined },
): Promise<Candidate[]> {
  let query = table
    .vectorSearch(vector)
    .distanceType("cosine")
    .ef(Math.max(LEAST_LOOKED_AT, 2 * limit))
    .refineFactor(1)
    .select([...HIT_COLUMNS, "_distance"])
    .limit(limit);
  if (where !== undefined) query = query.where(where);
  const rows: (Row & { _distance: number })[] = await query.toArray();
  return candidates(rows, (row) => 1 / (1 + row._distance));
}

function candidates<R extends Row>(rows: readonly R[], score: (row: R) => number): Candidate[] {
  return rows
    .map((row) => ({ passage: fromRow(row), terms: termsOf(row), score: score(row) }))
    .sort((a, b) => b.score - a.score || (a.passage.id < b.passage.id ? -1 : 1));
}

export async function passagesWhere(table: Table, where: string): Promise<Passage[]> {
  const rows: Row[] = await table.query().where(where).toArray();
  return rows.map(fromRow).sort((a, b) => a.ordinal - b.ordinal);
}

export async function readWordCounts(table: Table): Promise<WordCounts> {
  const builder = lexiconBuilder();
  for await (const batch of table.query().select([...TERM_COLUMNS, "language"])) {
    for (const row of batch as Iterable<unknown>) builder.add(termsOf(row as Row), (row as Row).language ?? undefined);
  }
  return builder.build();
}

export async function countDocuments(table: Table, where?: string): Promise<number> {
  const ids = new Set<string>();
  const query = table.query().select(["document_id"]);
  for await (const batch of where === undefined ? query : query.where(where)) {
    for (const row of batch) ids.add((row as unknown as Row).document_id);
  }
  return ids.size;
}

export function whereDocuments(documentIds: readonly string[]): string {
  return documentIds.length === 0 ? "false" : `document_id IN (${documentIds.map(quoted).join(", ")})`;
}

/** What candidates are limited to, or undefined for everything. */
export function whereWithin({ documentIds, readers }: Within): string | undefined {
  const parts: string[] = [];
  if (documentIds) parts.push(whereDocuments(documentIds));
  if (readers !== "all") {
    const shared = readers.length === 0 ? "" : ` OR array_has_any(groups, [${readers.map(quoted).join(", ")}])`;
    parts.push(`(groups IS NULL${shared})`);
  }
  return parts.length === 0 ? undefined : parts.join(" AND ");
}

/** A string literal of the engine's filter language. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
