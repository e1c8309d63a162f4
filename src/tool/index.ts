import type { NodeTool } from "../flow/tool.ts";
import { PYTHON_TOOL } from "./python.ts";

/** The tools that every flow has. A further tool is one file here and one line in this list. */
export const BUILT_IN_TOOLS: readonly NodeTool[] = [PYTHON_TOOL];
