import { sql } from "../../store/kysely.ts";
import type { Migration } from "../../store/migration.ts";

const bigint = sql`bigint`;

/** Released steps stay as they are; a change is a new step at the end. */
export const CONTROL_MIGRATIONS: readonly Migration[] = [
  {
    id: "0001-online-endpoint",
    async up(db) {
      await db.schema
        .createTable("online_endpoint")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("spec", "text", (column) => column.notNull())
        .addColumn("primary_hash", "text", (column) => column.notNull())
        .addColumn("secondary_hash", "text", (column) => column.notNull())
        .addColumn("sealed", "text", (column) => column.notNull())
        .addColumn("configured", "text")
        .addColumn("created_at", bigint, (column) => column.notNull())
        .addColumn("updated_at", bigint, (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("online_deployment")
        .addColumn("endpoint_name", "text", (column) =>
          column.notNull().references("online_endpoint.name").onDelete("cascade"),
        )
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("spec", "text", (column) => column.notNull())
        .addColumn("created_at", bigint, (column) => column.notNull())
        .addColumn("updated_at", bigint, (column) => column.notNull())
        .addPrimaryKeyConstraint("online_deployment_key", ["endpoint_name", "name"])
        .execute();
    },
  },
  {
    id: "0002-flow-digest",
    async up(db) {
      await db.schema.alterTable("online_deployment").addColumn("flow_digest", "text").execute();
    },
  },
];
