import assert from "node:assert/strict";
import { test } from "node:test";
import { overriddenFlow } from "../../src/cli/flow/override.ts";
import { writeFolder } from "../flow/flow-folder.ts";

test("a connection is given to a parameter that takes one, also where the flow's file leaves it out", (context) => {
  const folder = writeFolder(context, {
    "flow.dag.yaml": "nodes:\n- {name: n, type: python, source: {type: code, path: n.py}, inputs: {}}\n",
    "n.py": "@tool\ndef n(c: CustomConnection = None, text: str = ''):\n    return text\n",
  });
  const { definition } = overriddenFlow(folder, { n: { c: "mine", model: "m" } });
  assert.deepEqual(definition.nodes[0]?.inputs, {
    c: { kind: "literal", value: "mine" },
    model: { kind: "literal", value: "m" },
  });
  assert.throws(() => overriddenFlow(folder, { n: { text: "x" } }), /Connection with name text not found in node n's/);
  assert.throws(() => overriddenFlow(folder, { gone: { c: "x" } }), /Node gone not found in flow\. Its nodes: n\./);
});
