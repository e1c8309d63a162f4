// The query builder, as all parts take it. Its CommonJS files load in a third of the time of its 260 modules, which a
// command would wait for at every start; only types come from the modules.

import { createRequire } from "node:module";
import type * as QueryBuilder from "kysely";

export const { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } = createRequire(import.meta.url)(
  "kysely",
) as Pick<typeof QueryBuilder, "Kysely" | "SqliteAdapter" | "SqliteIntrospector" | "SqliteQueryCompiler" | "sql">;
