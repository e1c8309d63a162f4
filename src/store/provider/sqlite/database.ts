import { createRequire } from "node:module";

/** What both engines can do: text, numbers and null only. Numbers come back as JavaScript numbers. */
export interface SqliteDatabase {
  readonly engine: string;
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type SqliteValue = string | number | bigint | null;

export interface SqliteStatement {
  /** Whether it returns rows. */
  readonly reader: boolean;
  all(parameters: readonly SqliteValue[]): unknown[];
  run(parameters: readonly SqliteValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
}

/** Shapes of the two engines, as far as they are used here. */
interface NodeStatement {
  all(...parameters: SqliteValue[]): unknown[];
  run(...parameters: SqliteValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  columns(): unknown[];
}
interface NodeSqlite {
  DatabaseSync: new (file: string) => { exec(sql: string): void; prepare(sql: string): NodeStatement; close(): void };
  StatementSync: { prototype: object };
}
interface LibsqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

const load = createRequire(import.meta.url);

/** Opens with the SQLite that Node has, or else with `libsql`, which brings its own. */
export function openDatabase(file: string, engine: "any" | "node" | "libsql" = "any"): SqliteDatabase {
  const builtIn = engine === "libsql" ? undefined : nodeSqlite();
  if (builtIn) return overNode(new builtIn.DatabaseSync(file));
  if (engine === "node") throw new Error("This Node has no node:sqlite.");
  const Libsql = load("libsql") as new (file: string) => LibsqlDatabase;
  return overLibsql(new Libsql(file));
}

/** `node:sqlite`, from the release on that tells whether a statement returns rows. */
function nodeSqlite(): NodeSqlite | undefined {
  const found = process.getBuiltinModule("node:sqlite") as NodeSqlite | undefined;
  return found && "columns" in found.StatementSync.prototype ? found : undefined;
}

function overNode(database: InstanceType<NodeSqlite["DatabaseSync"]>): SqliteDatabase {
  return {
    engine: "node:sqlite",
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters),
        run: (parameters) => statement.run(...parameters),
      };
    },
    close: () => database.close(),
  };
}

function overLibsql(database: LibsqlDatabase): SqliteDatabase {
  return {
    engine: "libsql",
    exec: (sql) => database.exec(sql),
    prepare: (sql) => database.prepare(sql),
    close: () => database.close(),
  };
}
