import type { NodeTool } from "../flow/tool.ts";
import { CONTENT_SAFETY_TOOL } from "./content-safety.ts";
import { EMBEDDING_TOOL } from "./embedding.ts";
import { INDEX_LOOKUP_TOOL } from "./index-lookup.ts";
import { LLM_TOOL } from "./llm.ts";
import { LLM_PACKAGES } from "./llm-package.ts";
import { OPEN_MODEL_TOOL } from "./open-model-llm.ts";
import { PACKAGE_TOOL } from "./package.ts";
import { PROMPT_TOOL } from "./prompt.ts";
import { PROMPTY_TOOL } from "./prompty.ts";
import { PYTHON_TOOL } from "./python.ts";
import { scriptTool } from "./script.ts";
import { SERP_API_TOOL } from "./serp-api.ts";
import { VERIFY_CITATION_TOOL } from "./verify-citation.ts";
import { FAISS_INDEX_LOOKUP_TOOL, VECTOR_DB_LOOKUP_TOOL, VECTOR_INDEX_LOOKUP_TOOL } from "./vector-lookup.ts";

const SCRIPT_TOOL = scriptTool({ apart: false });

/** The tools that every flow has. A further tool is one file here and one line in this list. */
export const BUILT_IN_TOOLS: readonly NodeTool[] = [
  LLM_TOOL,
  PROMPT_TOOL,
  PROMPTY_TOOL,
  PYTHON_TOOL,
  SCRIPT_TOOL,
  INDEX_LOOKUP_TOOL,
  VECTOR_DB_LOOKUP_TOOL,
  VECTOR_INDEX_LOOKUP_TOOL,
  FAISS_INDEX_LOOKUP_TOOL,
  VERIFY_CITATION_TOOL,
  EMBEDDING_TOOL,
  ...LLM_PACKAGES,
  OPEN_MODEL_TOOL,
  CONTENT_SAFETY_TOOL,
  SERP_API_TOOL,
  PACKAGE_TOOL,
];

/** The same for a process that holds keys: what authors wrote in TypeScript runs in processes of its own, as Python does. */
export const TOOLS_OF_KEY_HOLDER: readonly NodeTool[] = BUILT_IN_TOOLS.map((tool) =>
  tool === SCRIPT_TOOL ? scriptTool({ apart: true }) : tool,
);
