import type { NodeTool } from "../flow/tool.ts";
import { EMBEDDING_TOOL } from "./embedding.ts";
import { INDEX_LOOKUP_TOOL } from "./index-lookup.ts";
import { LLM_TOOL } from "./llm.ts";
import { PROMPT_TOOL } from "./prompt.ts";
import { PROMPTY_TOOL } from "./prompty.ts";
import { PYTHON_TOOL } from "./python.ts";

/** The tools that every flow has. A further tool is one file here and one line in this list. */
export const BUILT_IN_TOOLS: readonly NodeTool[] = [
  LLM_TOOL,
  PROMPT_TOOL,
  PROMPTY_TOOL,
  PYTHON_TOOL,
  INDEX_LOOKUP_TOOL,
  EMBEDDING_TOOL,
];
