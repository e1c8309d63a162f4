// How commands print what they found: the formats and the query of the original's command line.

import { type Command, Option } from "commander";
import { stringify } from "yaml";
import type { Console } from "./console.ts";
import { query } from "./query.ts";
import { table } from "./table.ts";

export interface OutputOptions {
  output?: "json" | "tsv" | "yaml" | "table" | "none" | "jsonc";
  query?: string;
}

export function withOutput(command: Command): Command {
  return command
    .addOption(
      new Option("-o, --output <format>", "how to print it")
        .choices(["json", "tsv", "yaml", "table", "none", "jsonc"])
        .default("json"),
    )
    .addOption(new Option("--json", "the same as --output json").implies({ output: "json" }))
    .option("--query <path>", "the part to print, such as scoring_uri or [].name");
}

export function printResult(console: Console, value: unknown, { output = "json", query: asked }: OutputOptions): void {
  const found = asked === undefined ? value : query(value, asked);
  switch (output) {
    case "none":
      return;
    case "tsv":
      for (const line of asLines(found)) console.print(line);
      return;
    case "yaml":
      console.print(stringify(found).trimEnd());
      return;
    case "table":
      console.print(asTable(found));
      return;
    default:
      console.print(JSON.stringify(found, null, 2) ?? "null");
  }
}

/** A line per item, its values with tabs between. */
function asLines(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((item) => asLines(item).join("\t"));
  if (typeof value === "object" && value !== null) return [Object.values(value).map(asCell).join("\t")];
  return [asCell(value)];
}

/** Long addresses that say nothing in a row; the original's tables leave them out as well. */
const NOT_IN_TABLES: ReadonlySet<string> = new Set(["$schema", "id"]);

function asTable(value: unknown): string {
  const rows = (Array.isArray(value) ? value : [value]).map((item: unknown) =>
    typeof item === "object" && item !== null ? (item as Record<string, unknown>) : { result: item },
  );
  const columns = Object.keys(rows[0] ?? {}).filter(
    (name) => !NOT_IN_TABLES.has(name) && rows.every((row) => typeof row[name] !== "object"),
  );
  return table(
    columns,
    rows.map((row) => columns.map((name) => asCell(row[name]))),
    // As `az` prints them: an address that goes on in the next line could not be copied.
    Number.POSITIVE_INFINITY,
  );
}

function asCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
