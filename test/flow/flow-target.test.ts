import { openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { targetSuite } from "../target-suite.ts";

targetSuite("in this process", ({ directory, resources }) => openFlow({ directory, resources, tools: BUILT_IN_TOOLS }));
