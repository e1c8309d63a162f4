// Queries that run with every turn are built once: building and compiling one costs several times what SQLite takes for it.

import type { CompiledQuery, Kysely, RawBuilder } from "kysely";
import { sql } from "./kysely.ts";

/** Stands in a query where a value goes, and has the type of the value. */
export type Place<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/** Runs the query with these values: on the store, or inside a transaction. Gives its rows. */
export type Statement<Schema, Values, Row> = (db: Kysely<Schema>, values: Values) => Promise<Row[]>;

/** A query that has been built: by the builder, or as text. */
interface Built<Schema, Row> {
  compile(db: Kysely<Schema>): CompiledQuery<Row>;
}

/** A query that is built at its first use; all stores of a process speak one dialect. */
export function statement<Schema, Values, Row>(
  build: (db: Kysely<Schema>, place: Place<Values>) => Built<Schema, Row>,
): Statement<Schema, Values, Row> {
  let compiled: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    compiled ??= build(db, (name) => sql.val(new Hole(name)) as unknown as RawBuilder<never>).compile(db);
    const parameters = compiled.parameters.map((given) =>
      given instanceof Hole ? values[given.name as keyof Values] : given,
    );
    return (await db.executeQuery<Row>({ ...compiled, parameters })).rows;
  };
}

class Hole {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
