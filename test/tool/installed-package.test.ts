import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Connection } from "../../src/connection/connection.ts";
import { openFiles, runFlow, writeFolder } from "../flow/flow-folder.ts";

const LIST = `
def list_package_tools():
    connection = {"type": ["AzureOpenAIConnection"]}
    return {
        "my_tools.tool.greet": {
            "name": "Greet", "type": "python", "module": "my_tools.tool", "function": "greet",
            "inputs": {
                "name": {"type": ["string"]},
                "times": {"type": ["int"], "default": 1, "enabled_by": "name", "enabled_by_value": ["x"]},
                "mode": {"type": ["string"], "dynamic_list": {"func_path": "my_tools.tool.modes"}, "input_type": "uionly_hidden"},
            },
            "deprecated_tools": ["old_tools.greet"],
        },
        "my_tools.tool.Asker.ask": {
            "name": "Ask", "type": "python", "module": "my_tools.tool", "class_name": "Asker", "function": "ask",
            "inputs": {"connection": connection, "text": {"type": ["string"]}},
        },
        "my_tools.tool.custom": {
            "name": "Custom LLM", "type": "custom_llm", "module": "my_tools.tool", "function": "custom",
            "inputs": {"api": {"type": ["string"]}},
        },
        "my_tools.tool.broken": {
            "name": "Broken", "type": "python", "module": "my_tools.broken", "function": "run", "inputs": {},
        },
        "my_tools.tool.gone": {
            "name": "Gone", "type": "python", "module": "my_tools.tool", "function": "gone", "inputs": {},
        },
        "my_tools.tool.plain": {
            "name": "Plain", "type": "custom_llm", "module": "my_tools.tool", "function": "greet", "inputs": {},
        },
    }
`;

const TOOL = `
from promptflow import ToolProvider, tool
from promptflow.connections import AzureOpenAIConnection
from promptflow.contracts.types import PromptTemplate


@tool
def greet(name: str, times: int = 1, mode: str = "calm"):
    return " ".join(["hello " + name] * times) + " (%s, %s)" % (mode, type(times).__name__)


class Asker(ToolProvider):
    def __init__(self, connection: AzureOpenAIConnection):
        super().__init__()
        self.connection = connection

    @tool
    def ask(self, text: str):
        return "%s of %s" % (text, self.connection.api_base)


@tool(streaming_option_parameter="stream")
def custom(prompt: PromptTemplate, api: str, stream: bool = False, **kwargs):
    text = "%s: %s %s" % (api, prompt.strip(), sorted(kwargs.items()))
    return iter(text.split(" ")) if stream else text
`;

function site(context: TestContext): string {
  return writeFolder(context, {
    "my_tools/__init__.py": "",
    "my_tools/list.py": LIST,
    "my_tools/tool.py": TOOL,
    "my_tools/broken.py": "raise ValueError('no luck')\n",
    "my_tools-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: my-tools\nVersion: 1.0\n",
    "my_tools-1.0.dist-info/entry_points.txt": "[package_tools]\nmy_tools = my_tools.list:list_package_tools\n",
  });
}

function flow(source: string, inputs: string, type = "python"): Record<string, string> {
  return {
    "flow.dag.yaml": [
      "inputs: {q: {type: string, default: you}}",
      "outputs: {o: {type: string, reference: '${n.output}'}}",
      "nodes:",
      `- {name: n, type: ${type}, source: {${source}}, inputs: {${inputs}}}`,
      "",
    ].join("\n"),
    "p.jinja2": "Tell {{q}}\n",
  };
}

const connections: Connection[] = [
  { name: "azure", type: "AzureOpenAIConnection", configs: { api_base: "https://a" }, secrets: { api_key: "k" } },
];

test("tools of an installed package run: functions, classes, old ids, and with a prompt", async (context) => {
  const PYTHONPATH = site(context);
  const python = { env: { PATH: process.env["PATH"], PYTHONPATH } };
  const run = async (files: Record<string, string>, streaming = false) => {
    const target = await openFiles(context, files, { connections, python, streaming });
    return runFlow(target);
  };
  const greet = flow("type: package, tool: my_tools.tool.greet", "name: '${inputs.q}', times: '2', mode: wild");
  assert.deepEqual((await run(greet)).outputs, { o: "hello you hello you (wild, int)" });
  const old = flow("type: package, tool: old_tools.greet", "name: '${inputs.q}'");
  assert.deepEqual((await run(old)).outputs, { o: "hello you (calm, int)" });
  const ask = flow("type: package, tool: my_tools.tool.Asker.ask", "connection: azure, text: '${inputs.q}'");
  assert.deepEqual((await run(ask)).outputs, { o: "you of https://a" });
  const custom = flow(
    `type: package_with_prompt, tool: my_tools.tool.custom, path: ${path.join(".", "p.jinja2")}`,
    "api: chat, q: '${inputs.q}'",
    "custom_llm",
  );
  assert.deepEqual((await run(custom)).outputs, { o: "chat: Tell {{q}} [('_inputs_to_escape', ['q']), ('q', 'you')]" });
  const streamed = await run(custom, true);
  assert.ok(streamed.events.filter(({ type }) => type === "text-delta").length > 2, "its stream parameter is set");
});

test("a package tool that cannot be used says why", async (context) => {
  const PYTHONPATH = site(context);
  const python = { env: { PATH: process.env["PATH"], PYTHONPATH } };
  const open = (source: string, inputs = "", type = "python") =>
    openFiles(context, flow(source, inputs, type), { connections, python });
  const start = "Tool load failed in 'n': ";
  await assert.rejects(open("type: package, tool: my_tools.tool.other"), {
    message: `${start}(PackageToolNotFoundError) Package tool 'my_tools.tool.other' is not found in the current environment. All available package tools are: [].`,
  });
  await assert.rejects(open("type: package, tool: my_tools.tool.broken"), {
    message: `${start}(ToolLoadError) Failed to load package tool 'Broken': (ValueError) no luck`,
  });
  await assert.rejects(open("type: package, tool: my_tools.tool.gone"), {
    message: `${start}(AttributeError) module 'my_tools.tool' has no attribute 'gone'`,
  });
  await assert.rejects(open("type: package, tool: my_tools.tool.Asker.ask", "text: x"), {
    message: `${start}(MissingRequiredInputs) Required inputs ['connection'] are not provided for tool 'Ask'.`,
  });
  const prompt = "type: package_with_prompt, path: p.jinja2, tool: my_tools.tool";
  await assert.rejects(open(`${prompt}.plain`, "", "custom_llm"), {
    message: `${start}(InvalidCustomLLMTool) Invalid Custom LLM tool greet: function greet is missing a prompt template argument.`,
  });
  await assert.rejects(
    openFiles(
      context,
      { ...flow(`${prompt}.custom`, "api: chat", "custom_llm"), "p.jinja2": "{{api}}" },
      { connections, python },
    ),
    { message: /Invalid inputs \{'api'\}.*duplicated with the inputs of custom llm tool/ },
  );
});
