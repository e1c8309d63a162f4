import type { Table } from "@lancedb/lancedb";
import type { Candidate } from "../../answer-query.ts";
import { lexiconBuilder, type WordCounts } from "../../lexicon.ts";
import type { Passage } from "../../search-index.ts";
import type { Within } from "../../visibility.ts";
import type { Engine } from "./engine.ts";
import { fromRow, HIT_COLUMNS, RANK_COLUMNS, type Row, termsOf } from "./row.ts";

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

interface Wanted {
  limit: number;
  where: string | undefined;
}

/** What ranking needs of the rows, or with `isWhole` what a hit does. */
export async function rowsByTerms(
  table: Table,
  { lance }: Engine,
  terms: readonly string[],
  { limit, where, isWhole = false }: Wanted & { isWhole?: boolean | undefined },
): Promise<Candidate[]> {
  const match = new lance.MultiMatchQuery(terms.join(" "), TERM_COLUMNS, { operator: lance.Operator.Or });
  let query = table
    .query()
    .fullTextSearch(match)
    .select([...(isWhole ? HIT_COLUMNS : RANK_COLUMNS), "_rowid", "_score"])
    .limit(limit);
  if (where !== undefined) query = query.where(where);
  const rows: (Row & { _rowid: bigint; _score: number })[] = await query.toArray();
  return inOrder(
    rows.map((row) => ({
      passage: isWhole ? fromRow(row) : { id: row.id },
      terms: termsOf(row),
      score: row._score,
      row: row._rowid,
    })),
  );
}

/** Their ids: the order is that of the vectors. */
export async function rowsByVector(table: Table, vector: Float32Array, { limit, where }: Wanted): Promise<Candidate[]> {
  let query = table
    .vectorSearch(vector)
    .distanceType("cosine")
    .ef(Math.max(LEAST_LOOKED_AT, 2 * limit))
    .refineFactor(1)
    .select(["id", "_rowid", "_distance"])
    .limit(limit);
  if (where !== undefined) query = query.where(where);
  const rows: { id: string; _rowid: bigint; _distance: number }[] = await query.toArray();
  return inOrder(
    rows.map(({ id, _rowid: row, _distance: distance }) => ({
      passage: { id },
      terms: NO_TERMS,
      score: 1 / (1 + distance),
      row,
    })),
  );
}

const NO_TERMS = { body: [], field: [] };

function inOrder(candidates: Candidate[]): Candidate[] {
  return candidates.sort((a, b) => b.score - a.score || (a.passage.id < b.passage.id ? -1 : 1));
}

/** The passages of candidates, by their places in the table as it is now. */
export async function passagesAt(table: Table, candidates: readonly Candidate[]): Promise<Passage[]> {
  const places = candidates.map(({ row }) => row).filter((row) => row !== undefined);
  const rows: Row[] = await table.takeRowIds(places).select(HIT_COLUMNS).toArray();
  return rows.map(fromRow);
}

export async function passagesWhere(table: Table, where: string): Promise<Passage[]> {
  const rows: Row[] = await table.query().where(where).toArray();
  return rows.map(fromRow).sort((a, b) => a.ordinal - b.ordinal);
}

export async function readWordCounts(table: Table): Promise<WordCounts> {
  const builder = lexiconBuilder();
  for await (const batch of table.query().select([...TERM_COLUMNS, "language"])) {
    const [body, field, language] = [...TERM_COLUMNS, "language"].map((name) => batch.getChild(name));
    for (let at = 0; at < batch.numRows; at++) {
      const terms = termsOf({ body_terms: body?.get(at) as string, field_terms: field?.get(at) as string });
      builder.add(terms, (language?.get(at) as string | null) ?? undefined);
    }
  }
  return builder.build();
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
