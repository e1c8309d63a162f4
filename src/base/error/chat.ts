import type { ErrorRow } from "./row.ts";

export const CHAT_ERRORS = {} satisfies Record<string, ErrorRow>;
