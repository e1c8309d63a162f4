import type { IngestReport } from "../../search/ingest/report.ts";

/** One line on what an indexing run did. */
export function addedLine({ added, changed, unchanged, removed, failed, passages, seconds }: IngestReport): string {
  const parts = [
    `${added} added`,
    ...(changed > 0 ? [`${changed} changed`] : []),
    `${unchanged} unchanged`,
    ...(removed > 0 ? [`${removed} removed`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  return `Documents: ${parts.join(", ")} (${passages} passages in ${seconds.toFixed(1)} s)`;
}
