import { rm } from "node:fs/promises";
import type { Table } from "@lancedb/lancedb";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { Logger } from "../../../base/log.ts";
import type { Embedder } from "../../../model/embedder.ts";
import { passageAnalyzer } from "../../analysis/analyzer.ts";
import type { SearchIndex } from "../../search-index.ts";
import { EmbeddedIndex } from "./embedded-index.ts";
import { type Engine, loadEngine } from "./engine.ts";
import { engineFailure, repairOf } from "./failure.ts";
import { MOST_PASSAGES } from "./resident-table.ts";
import { groupsField, languageField, passageSchema } from "./row.ts";
import { dataFolder, type IndexSetting, readSetting, writeSetting } from "./setting.ts";
import { createTermIndexes, TABLE } from "./table.ts";

export interface EmbeddedOptions {
  /** The index's own folder. */
  folder: string;
  name: string;
  /** Gives vectors to passages and queries that come without; without it the index is lexical. */
  embedder?: Embedder | undefined;
  log: Logger;
  /** Passages up to which an index is kept in memory and its vectors are compared one by one. */
  inMemory?: number | undefined;
}

/** @throws FlowsteadError `IndexNotFound`, `IndexDamaged` or `EmbedderMismatch`. */
export async function openEmbeddedIndex(options: EmbeddedOptions): Promise<SearchIndex> {
  const { folder, name, embedder, log, inMemory = MOST_PASSAGES } = options;
  const setting = await readSetting(folder);
  if (!setting) {
    throw new FlowsteadError(
      "IndexNotFound",
      `There is no search index named ${name}. Make one with \`flowstead index add FOLDER\`.`,
      { details: { name } },
    );
  }
  const analyzer = passageAnalyzer();
  if (setting.analyzer !== analyzer.id) {
    throw new FlowsteadError(
      "IndexDamaged",
      `The index ${name} was built by the analysis ${setting.analyzer}, and this version has ${analyzer.id}. ` +
        repairOf(name),
    );
  }
  if (embedder && setting.vectors && setting.vectors.fingerprint !== embedder.fingerprint) {
    throw new FlowsteadError(
      "EmbedderMismatch",
      `The index ${name} holds vectors of ${setting.vectors.fingerprint}, and the embedder configured is ` +
        `${embedder.fingerprint}. Configure that one, or build the index anew: \`flowstead index rebuild --index ${name}\`.`,
    );
  }
  const engine = loadEngine();
  try {
    // An interval of 0 makes each read look for a newer version, so readers see what another process has written.
    const connection = await engine.lance.connect(dataFolder(folder), { readConsistencyInterval: 0 });
    const table = await connection.openTable(TABLE);
    await makeRoom(table, engine);
    const release = async (): Promise<void> => {
      table.close();
      connection.close();
    };
    return new EmbeddedIndex({ folder, engine, table, setting, analyzer, embedder, log, inMemory, release });
  } catch (thrown) {
    throw new FlowsteadError(
      "IndexDamaged",
      `The files of the index ${name} in ${folder} cannot be opened. ${repairOf(name)}`,
      { cause: thrown },
    );
  }
}

/** Indexes of earlier versions lack columns; another process may be giving them to it at the same time. */
async function makeRoom(table: Table, engine: Engine): Promise<void> {
  for (const field of [groupsField(engine), languageField(engine)]) {
    const has = async (): Promise<boolean> => (await table.schema()).fields.some(({ name }) => name === field.name);
    if (await has()) continue;
    try {
      await table.addColumns(field);
    } catch (thrown) {
      if (!(await has())) throw thrown;
    }
  }
}

/** Makes an empty index and opens it. @throws FlowsteadError `IndexExists`. */
export async function createEmbeddedIndex(options: EmbeddedOptions): Promise<SearchIndex> {
  const { folder, name, embedder } = options;
  if (await readSetting(folder)) {
    throw new FlowsteadError("IndexExists", `There is a search index named ${name} already.`, { details: { name } });
  }
  const engine = loadEngine();
  // What is left of a making that was cut short has no description, so nothing can be lost with it.
  await rm(dataFolder(folder), { recursive: true, force: true });
  const connection = await engine.lance.connect(dataFolder(folder));
  try {
    const table = await connection.createEmptyTable(TABLE, passageSchema(engine, embedder?.dimensions));
    await createTermIndexes(table, engine);
    table.close();
    const setting: IndexSetting = {
      format: 1,
      name,
      analyzer: passageAnalyzer().id,
      created: new Date().toISOString(),
      ...(embedder ? { vectors: { fingerprint: embedder.fingerprint, dimensions: embedder.dimensions } } : {}),
    };
    await writeSetting(folder, setting);
  } catch (thrown) {
    throw engineFailure(name, thrown);
  } finally {
    connection.close();
  }
  return openEmbeddedIndex(options);
}
