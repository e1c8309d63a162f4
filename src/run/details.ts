// Inputs and outputs of a run's lines side by side, also while the run goes on.

import { parseJson } from "../base/json.ts";
import type { ValueMap } from "../base/value.ts";
import { decodeRow } from "./journal-row.ts";
import type { RunLayout } from "./layout.ts";
import { LineJournal } from "./line-journal.ts";
import { LINE_NUMBER } from "./mapping.ts";

/** Rows with `inputs.<name>` and `outputs.<name>`, in the order of the lines; a failed line has `error` in place of outputs. */
export async function* readDetails(layout: RunLayout, maxRows: number): AsyncGenerator<ValueMap> {
  const journal = await LineJournal.open(layout.journal, { readOnly: true }).catch(() => undefined);
  if (!journal) return;
  try {
    for (const line of journal.lines().slice(0, maxRows)) {
      const row = decodeRow(await journal.read(line));
      const { [LINE_NUMBER]: _number, ...inputs } = parseJson(row.inputs()) as ValueMap;
      const { [LINE_NUMBER]: _same, ...outputs } = parseJson(row.output) as ValueMap;
      const error = parseJson(row.error) as { message?: string } | null;
      yield {
        ...prefixed("inputs", inputs),
        "inputs.line_number": line,
        ...prefixed("outputs", outputs),
        ...(error ? { error: error.message ?? "" } : {}),
      };
    }
  } finally {
    await journal.close();
  }
}

function prefixed(prefix: string, values: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}
