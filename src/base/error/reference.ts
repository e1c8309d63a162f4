// docs/errors.md, from the table itself.

import { ERROR_TABLE, type ErrorRow } from "./table.ts";

/** One row per code: status, who can mend it, what it means, what to do. */
export function errorReference(): string {
  const rows = Object.entries(ERROR_TABLE as Record<string, ErrorRow>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, row]) =>
        `| \`${code}\` | ${row.status} | ${row.actor} | ${row.retryable ? "yes" : ""} | ${cell(row.meaning)} | ${cell(row.remedy)} |`,
    );
  return [
    "# Errors",
    "",
    "Every error has one of these codes. *Mended by* says who can do something about it; *retry* whether the same call may succeed later.",
    "",
    "| code | status | mended by | retry | what happened | what to do |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
