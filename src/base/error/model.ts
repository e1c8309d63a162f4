import type { ErrorRow } from "./row.ts";

export const MODEL_ERRORS = {} satisfies Record<string, ErrorRow>;
