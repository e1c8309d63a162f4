// Other engines for words that come from npm, given the same passages and the same questions.

import Database from "libsql";
import MiniSearch from "minisearch";

export interface Alternative {
  name: string;
  add(passages: readonly { id: string; text: string }[]): void;
  /** The ten best. */
  ask(text: string): number;
  close(): void;
}

export function alternatives(folder: string): Alternative[] {
  return [fts5(`${folder}/fts5.db`), miniSearch()];
}

/** SQLite's full text, with the library that keeps this system's records. */
function fts5(file: string): Alternative {
  const database = new Database(file);
  database.exec("CREATE VIRTUAL TABLE passages USING fts5(id UNINDEXED, text, tokenize = 'porter unicode61')");
  const insert = database.prepare("INSERT INTO passages (id, text) VALUES (?, ?)");
  const find = database.prepare("SELECT id FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT 10");
  return {
    name: "sqlite-fts5",
    add(passages) {
      database.exec("BEGIN");
      for (const { id, text } of passages) insert.run(id, text);
      database.exec("COMMIT");
    },
    ask: (text) => find.all(text.split(" ").join(" OR ")).length,
    close: () => void database.close(),
  };
}

function miniSearch(): Alternative {
  const index = new MiniSearch<{ id: string; text: string }>({ fields: ["text"] });
  return {
    name: "minisearch",
    add: (passages) => index.addAll(passages.map(({ id, text }) => ({ id, text }))),
    ask: (text) => index.search(text).slice(0, 10).length,
    close: () => index.removeAll(),
  };
}
