// Assistant definitions: files of a flow whose functions node code can offer to a model and call by name.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "../../src/connection/connection.ts";
import { openFiles, runFlow } from "../flow/flow-folder.ts";

const FLOW = `inputs: {message: {type: string, default: hello}}
outputs: {o: {type: object, reference: "\${a.output}"}}
nodes:
- name: a
  type: python
  source: {type: code, path: a.py}
  inputs: {message: "\${inputs.message}", assistant: assistant.yaml}
`;

const NODE = `from promptflow.contracts.types import AssistantDefinition
from promptflow.core import tool
from promptflow.executor._assistant_tool_invoker import AssistantToolInvoker


@tool
def a(message: str, assistant: AssistantDefinition):
    invoker = assistant._tool_invoker
    assert isinstance(invoker, AssistantToolInvoker)
    told = invoker.invoke_tool("echo", {"message": message, "times": 2})
    return [assistant.serialize()["model"], invoker.to_openai_tools(), told]
`;

const ECHO = `from promptflow.connections import CustomConnection
from promptflow.core import tool


@tool
def echo(connection: CustomConnection, message: str, times: int = 1):
    """Says it again.

    :param message: What is said,
        and said again.
    :type message: str
    """
    return " ".join([message] * times) + connection.mark
`;

const ASSISTANT = `model: some-model
instructions: Be short.
tools:
- type: code_interpreter
- type: function
  tool_type: python
  source: {type: code, path: echo.py}
  predefined_inputs: {connection: marks}
`;

const MARKS: Connection = { name: "marks", type: "CustomConnection", configs: { mark: "!" }, secrets: {} };

test("the functions that an assistant's definition names are described for the model and called by name", async (context) => {
  const files = { "flow.dag.yaml": FLOW, "a.py": NODE, "echo.py": ECHO, "assistant.yaml": ASSISTANT };
  const target = await openFiles(context, files, { connections: [MARKS] });
  const { outputs, error } = await runFlow(target);
  const parameters = {
    type: "object",
    properties: {
      message: { type: "string", description: "What is said,\nand said again." },
      times: { type: "number", description: "" },
    },
    required: ["message"],
  };
  assert.deepEqual(
    outputs?.["o"],
    [
      "some-model",
      [
        { type: "code_interpreter" },
        { type: "function", function: { name: "echo", description: "Says it again.\n", parameters } },
      ],
      "hello hello!",
    ],
    error?.message,
  );
});

test("a fault in an assistant's definition is told when the flow is loaded, by node and input", async (context) => {
  const faults: [string, RegExp][] = [
    [ASSISTANT.replace("path: echo.py", "path: gone.py"), /Tool file 'gone\.py' can not be found\.$/],
    [
      ASSISTANT.replace("type: code,", "type: other,"),
      /\(InvalidAssistantTool\) Tool source type 'other' is not supported/,
    ],
    [ASSISTANT.replace("type: function", "type: other"), /Unsupported assistant tool's type in node a : other\./],
    [
      ASSISTANT.replace("tool_type: python", "tool_type: llm"),
      /Tool type 'llm' is not supported in assistant node 'a'\./,
    ],
  ];
  for (const [assistant, message] of faults) {
    const files = { "flow.dag.yaml": FLOW, "a.py": NODE, "echo.py": ECHO, "assistant.yaml": assistant };
    await assert.rejects(openFiles(context, files, { connections: [MARKS] }), (thrown: Error) => {
      const start =
        "Tool load failed in 'a': (NodeInputValidationError) Failed to load assistant definition from input 'assistant': ";
      assert.ok(thrown.message.startsWith(start), thrown.message);
      return message.test(thrown.message);
    });
  }
});
