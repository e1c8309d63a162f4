// All kinds. A new family is a file beside this one and a line here.

import type { Kinds } from "../case.ts";
import { AGGREGATION_KINDS } from "./aggregation.ts";
import { BATCH_KINDS } from "./batch.ts";
import { CHAT_KINDS } from "./chat.ts";
import { CLI_KINDS } from "./cli.ts";
import { DEFINITION_KINDS } from "./definition.ts";
import { FLOW_UNIT_KINDS } from "./flow-unit.ts";
import { LINE_KINDS } from "./line.ts";
import { LLM_HTTP_KINDS } from "./llm-http.ts";
import { NODE_KINDS } from "./node.ts";
import { MAPPING_KINDS } from "./mapping.ts";
import { PROMPTY_KINDS } from "./prompty.ts";
import { REFERENCE_KINDS } from "./reference.ts";
import { SERVE_KINDS } from "./serve.ts";
import { TEMPLATE_KINDS } from "./template.ts";
import { TOOL_META_KINDS } from "./tool-meta.ts";

export const KINDS: Kinds = {
  ...TEMPLATE_KINDS,
  ...CHAT_KINDS,
  ...PROMPTY_KINDS,
  ...FLOW_UNIT_KINDS,
  ...REFERENCE_KINDS,
  ...LINE_KINDS,
  ...LLM_HTTP_KINDS,
  ...MAPPING_KINDS,
  ...BATCH_KINDS,
  ...AGGREGATION_KINDS,
  ...DEFINITION_KINDS,
  ...NODE_KINDS,
  ...SERVE_KINDS,
  ...TOOL_META_KINDS,
  ...CLI_KINDS,
};
