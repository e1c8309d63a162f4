import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { scriptedModel } from "../fake/scripted-model.ts";
import { fixtureResources, targetSuite } from "../target-suite.ts";

targetSuite("in this process", ({ directory, resources }) => openFlow({ directory, resources, tools: BUILT_IN_TOOLS }));

test("a quiet reader is told no nodes, and one that wants whole values gets them with the end alone", async () => {
  const directory = fileURLToPath(new URL("../fixture/flow/echo", import.meta.url));
  const flow = await openFlow({ directory, resources: fixtureResources(scriptedModel()), tools: BUILT_IN_TOOLS });
  const told = async (whole: boolean): Promise<{ types: string[]; outputs: unknown }> => {
    const types: string[] = [];
    let outputs: unknown;
    const call = { inputs: { text: "hello", value: 1 }, quiet: true, whole };
    for await (const event of flow.invoke(call, new AbortController().signal)) {
      types.push(event.type);
      if (event.type === "flow-end") ({ outputs } = event);
    }
    return { types, outputs };
  };
  try {
    const outputs = { said: "hello|1", value: 1 };
    assert.deepEqual(await told(false), { types: ["flow-start", "output", "output", "flow-end"], outputs });
    assert.deepEqual(await told(true), { types: ["flow-start", "flow-end"], outputs });
  } finally {
    await flow.close();
  }
});
