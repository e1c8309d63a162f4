// What tool files say about themselves, and what is wrong with those that cannot be read.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FlowsteadError } from "../../../src/base/error/error.ts";
import { type Value, type ValueMap, isMap, pyRepr } from "../../../src/base/value.ts";
import { errorChain } from "../../../src/flow/error-chain.ts";
import { createPythonPool } from "../../../src/python/pool.ts";
import { toolMeta } from "../../../src/tool/meta.ts";
import type { KindContext, Kinds } from "../case.ts";
import { expectEqual, expectFailure, expectTrue } from "../compare.ts";

export const TOOL_META_KINDS: Kinds = {
  async tool_meta({ flow, inputs, expect }, context) {
    const directory = path.join(context.upstream, flow ?? "");
    const { file, tool_type: type } = inputs as Record<string, string>;
    expectEqual(await meta(directory, file ?? "", type ?? "", context), expect["meta"], "meta");
  },

  async "unit:tool_meta_error"({ flow, inputs, expect }, context) {
    const folder = mkdtempSync(path.join(tmpdir(), "flowstead-meta-"));
    try {
      if (typeof inputs["content"] === "string")
        return await judgeContent(inputs["content"], expect, { folder, context });
      const file = inputs["tool_path"] as string;
      cpSync(path.join(context.upstream, flow ?? ""), folder, { recursive: true });
      const pattern = mocked(expect["msg_pattern"] as string, path.join(folder, file));
      const error = await expectFailure(() => meta(folder, file, inputs["tool_type"] as string, context));
      const code =
        (error as FlowsteadError).code === "FlowNotSupported" ? "NotSupported" : (error as FlowsteadError).code;
      const text = `(${code}) ${error.message}`;
      expectTrue(new RegExp(`^(?:${pattern})`, "s").test(text), `message: ${text}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },

  /** A parameter without an annotation has the type of its default. */
  async "unit:value_type_infer"({ inputs, expect }, context) {
    const folder = mkdtempSync(path.join(tmpdir(), "flowstead-meta-"));
    try {
      const script = [
        "from promptflow.core import tool",
        "from promptflow.contracts.types import *",
        "from promptflow.contracts.types import AssistantDefinition, FilePath, PromptTemplate, Secret",
        `@tool\ndef infer(value=${literal(inputs["value"] ?? null)}):\n    return value\n`,
      ];
      writeFileSync(path.join(folder, "infer.py"), script.join("\n"));
      const found = (await meta(folder, "infer.py", "python", context)) as { inputs: { value: { type: string[] } } };
      expectEqual(found.inputs.value.type, [expect["expected"]], "type");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function meta(directory: string, file: string, type: string, { python }: KindContext): Promise<ValueMap> {
  const env = { PATH: process.env["PATH"] };
  const pool = createPythonPool({ directory, env, ...(python === undefined ? {} : { interpreter: python }) });
  try {
    return await toolMeta(file, type, { directory, python: pool });
  } finally {
    await pool.close();
  }
}

/**
 * The original is given a text, or the name of a file of its tests. Here a tool is always a file, so its message also
 * names that: the reason and the family of the code are what is compared.
 */
async function judgeContent(
  content: string,
  expect: ValueMap,
  { folder, context }: { folder: string; context: KindContext },
): Promise<void> {
  const wanted = String(expect["message"] as string);
  const type = /for (llm|prompt) tool/.exec(wanted)?.[1] ?? "python";
  const file = type === "python" ? "content.py" : "content.jinja2";
  const isFile = /^[\w.-]+\.(py|jinja2)$/.test(content);
  const wrongTools = path.join(context.upstream, "src/promptflow/tests/test_configs/wrong_tools");
  writeFileSync(path.join(folder, file), isFile ? readFileSync(path.join(wrongTools, content)) : content);
  const error = (await expectFailure(() => meta(folder, file, type, context))) as FlowsteadError;
  expectTrue(
    errorChain(error)
      .split("/")
      .includes(String(expect["error_code"] as string)),
    `code: ${errorChain(error)}`,
  );
  const reason = wanted
    .replace(/^Failed to load python module\. Python parsing failed: /, "")
    .replace("<string>", file);
  expectTrue(error.message.endsWith(reason), `message: ${error.message}`);
}

/** Where the original's test breaks a function with a mock, the file itself is broken the same way. */
function mocked(pattern: string, file: string): string {
  if (pattern.includes("Mock function to interface error.")) {
    const broken = [
      "from promptflow.core import tool",
      "class Broken:",
      "    __module__ = __name__",
      "    __name__ = 'divide_num'",
      "    @property",
      "    def __signature__(self):",
      "        raise Exception('Mock function to interface error.')",
      "    def __call__(self):",
      "        pass",
      "divide_num = tool(Broken())",
      "",
    ];
    writeFileSync(file, broken.join("\n"));
  } else if (pattern.includes("Mock read text error.")) {
    rmSync(file);
    mkdirSync(file);
    return pattern.replace(/\\\(Exception\\\) Mock read text error\./, "");
  }
  return pattern;
}

function literal(value: Value): string {
  if (!isMap(value)) return pyRepr(value);
  if (typeof value["$t"] === "string") return `${value["$t"]}(${pyRepr(value["v"] ?? "")})`;
  return "instructions" in value ? `AssistantDefinition(**${pyRepr(value)})` : pyRepr(value);
}
