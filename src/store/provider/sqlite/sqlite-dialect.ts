import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";
import { FlowsteadError } from "../../../base/error/error.ts";
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "../../kysely.ts";
import type { SqliteDatabase, SqliteStatement, SqliteValue } from "./database.ts";
import { sqliteError } from "./sqlite-error.ts";

/** Kysely over one open database. One connection, so queries and transactions wait for each other in order. */
export function sqliteDialect(database: SqliteDatabase, file: string): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(database, file),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function createDriver(database: SqliteDatabase, file: string): Driver {
  const connection = createConnection(database, file);
  const turns = new Turns();
  // Not as prepared statements: one that failed as busy stays open in libsql, and then no later commit succeeds.
  const control = async (sql: string): Promise<void> => {
    try {
      database.exec(sql);
    } catch (thrown) {
      throw sqliteError(thrown, file);
    }
  };
  return {
    init: async () => {},
    acquireConnection: async () => {
      await turns.take();
      return connection;
    },
    // A deferred transaction that turns into a writer half-way can fail as busy without waiting; this one waits first.
    beginTransaction: () => control("begin immediate"),
    commitTransaction: () => control("commit"),
    // SQLite has already rolled back by itself when the disk is full; that must not hide the first error.
    rollbackTransaction: () => control("rollback").catch(() => undefined),
    releaseConnection: async () => turns.pass(),
    destroy: async () => database.close(),
  };
}

function createConnection(database: SqliteDatabase, file: string): DatabaseConnection {
  const statements = new StatementCache(database);
  return {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const values = parameters.map(toSqliteValue);
      try {
        const statement = statements.get(sql);
        if (statement.reader) return { rows: statement.all(values) as Row[] };
        const { changes, lastInsertRowid } = statement.run(values);
        return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
      } catch (thrown) {
        statements.forget(sql);
        throw sqliteError(thrown, file);
      }
    },
    streamQuery() {
      throw new FlowsteadError("Unexpected", "Rows are read in pages here, not as a stream.");
    },
  };
}

/**
 * libsql ends the whole process on a parameter of another type, so none reaches it, and it reads text only up to a
 * NUL character (PostgreSQL takes none at all), so a text with one is refused rather than cut.
 */
function toSqliteValue(value: unknown): SqliteValue {
  if (value === null || (typeof value === "string" && !value.includes("\0"))) return value;
  // Both engines bind a number as a real; a big int is bound as an integer.
  if (typeof value === "number" && Number.isFinite(value)) return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) return value;
  throw new FlowsteadError(
    "Unexpected",
    `A record holds text without NUL characters, numbers and null; a ${typeof value} was given.`,
  );
}

const MOST_STATEMENTS = 100;

/** Compiled statements of queries that come again and again. */
class StatementCache {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  get(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    if (!/^\s*(?:select|insert|update|delete|with)\b/i.test(sql)) {
      // It may change the tables that the others were compiled for.
      this.#statements.clear();
      return statement;
    }
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  forget(sql: string): void {
    this.#statements.delete(sql);
  }
}

/** First come, first served. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  take(): Promise<void> {
    if (this.#taken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
    return Promise.resolve();
  }

  pass(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }
}
