import type { ErrorRow } from "./row.ts";

export const FLOW_ERRORS = {} satisfies Record<string, ErrorRow>;
