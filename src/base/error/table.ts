// Every error code of the project, once. Each folder of the architecture has its own part of the table.

import { CHAT_ERRORS } from "./chat.ts";
import { ENDPOINT_ERRORS } from "./endpoint.ts";
import { FLOW_ERRORS } from "./flow.ts";
import { GATEWAY_ERRORS } from "./gateway.ts";
import { GENERAL_ERRORS } from "./general.ts";
import { MODEL_ERRORS } from "./model.ts";
import { PROMPT_ERRORS } from "./prompt.ts";
import type { ErrorActor, ErrorRow } from "./row.ts";
import { RUN_ERRORS } from "./run.ts";
import { SEARCH_ERRORS } from "./search.ts";
import { TOOL_ERRORS } from "./tool.ts";

export type { ErrorActor, ErrorRow };

export const ERROR_TABLE = {
  ...GENERAL_ERRORS,
  ...FLOW_ERRORS,
  ...TOOL_ERRORS,
  ...PROMPT_ERRORS,
  ...MODEL_ERRORS,
  ...GATEWAY_ERRORS,
  ...SEARCH_ERRORS,
  ...ENDPOINT_ERRORS,
  ...CHAT_ERRORS,
  ...RUN_ERRORS,
} satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERROR_TABLE;
