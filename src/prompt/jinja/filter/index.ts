// All filters by name.

import { DATA_FILTERS } from "./data.ts";
import type { Filter } from "./filter.ts";
import { NUMBER_FILTERS } from "./number.ts";
import { SELECT_FILTERS } from "./select.ts";
import { SEQUENCE_FILTERS } from "./sequence.ts";
import { TEXT_FILTERS } from "./text.ts";

export const FILTERS: ReadonlyMap<string, Filter> = new Map(
  [TEXT_FILTERS, SEQUENCE_FILTERS, SELECT_FILTERS, NUMBER_FILTERS, DATA_FILTERS].flatMap((table) =>
    Object.entries(table),
  ),
);
