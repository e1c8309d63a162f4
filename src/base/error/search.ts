import type { ErrorRow } from "./row.ts";

export const SEARCH_ERRORS = {} satisfies Record<string, ErrorRow>;
