import { sql } from "../store/kysely.ts";
import type { Migration } from "../store/migration.ts";

const bigint = sql`bigint`;

/** Released steps stay as they are; a change is a new step at the end. */
export const CHAT_MIGRATIONS: readonly Migration[] = [
  {
    id: "0001-conversation",
    async up(db) {
      await db.schema
        .createTable("conversation")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("owner_id", "text", (column) => column.notNull())
        .addColumn("title", "text", (column) => column.notNull())
        .addColumn("active_leaf_id", "text")
        .addColumn("activity", bigint, (column) => column.notNull())
        .addColumn("created_at", bigint, (column) => column.notNull())
        .addColumn("updated_at", bigint, (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex("conversation_by_owner")
        .on("conversation")
        .columns(["owner_id", "activity"])
        .execute();
      await db.schema.createIndex("conversation_by_activity").on("conversation").column("activity").execute();

      await db.schema
        .createTable("message")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("conversation_id", "text", (column) =>
          column.notNull().references("conversation.id").onDelete("cascade"),
        )
        .addColumn("parent_id", "text", (column) => column.references("message.id").onDelete("cascade"))
        .addColumn("ordinal", bigint, (column) => column.notNull())
        .addColumn("role", "text", (column) => column.notNull())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("text", "text", (column) => column.notNull())
        .addColumn("parts", "text", (column) => column.notNull())
        .addColumn("client_id", "text")
        .addColumn("run_id", "text")
        .addColumn("materialized_seq", bigint)
        .addColumn("error", "text")
        .addColumn("created_at", bigint, (column) => column.notNull())
        .addUniqueConstraint("message_order", ["conversation_id", "ordinal"])
        .execute();
      await db.schema.createIndex("message_by_parent").on("message").column("parent_id").execute();

      await db.schema
        .createTable("run")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("conversation_id", "text", (column) =>
          column.notNull().references("conversation.id").onDelete("cascade"),
        )
        .addColumn("message_id", "text", (column) => column.notNull().references("message.id").onDelete("cascade"))
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("seq", bigint, (column) => column.notNull())
        .addColumn("usage", "text")
        .addColumn("error", "text")
        .addColumn("duration_ms", bigint)
        .addColumn("started_at", bigint, (column) => column.notNull())
        .addColumn("ended_at", bigint)
        .execute();
      // The database itself holds that a conversation is answered once at a time.
      await sql`create unique index run_active on run (conversation_id) where status = 'running'`.execute(db);
      await db.schema.createIndex("run_by_message").on("run").column("message_id").execute();
      await db.schema.createIndex("run_by_conversation").on("run").column("conversation_id").execute();

      await db.schema
        .createTable("run_event")
        .addColumn("run_id", "text", (column) => column.notNull().references("run.id").onDelete("cascade"))
        .addColumn("seq", bigint, (column) => column.notNull())
        .addColumn("last_seq", bigint, (column) => column.notNull())
        .addColumn("events", "text", (column) => column.notNull())
        .addColumn("at", bigint, (column) => column.notNull())
        .addPrimaryKeyConstraint("run_event_key", ["run_id", "seq"])
        .execute();

      await db.schema
        .createTable("feedback")
        .addColumn("message_id", "text", (column) => column.notNull().references("message.id").onDelete("cascade"))
        .addColumn("user_id", "text", (column) => column.notNull())
        .addColumn("value", "integer", (column) => column.notNull())
        .addColumn("reasons", "text", (column) => column.notNull())
        .addColumn("comment", "text", (column) => column.notNull())
        .addColumn("updated_at", bigint, (column) => column.notNull())
        .addPrimaryKeyConstraint("feedback_key", ["message_id", "user_id"])
        .execute();
    },
  },
];
