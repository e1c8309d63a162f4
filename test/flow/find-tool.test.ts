import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { findTool } from "../../src/flow/find-tool.ts";
import { parseFlow } from "../../src/flow/load.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";

const TABLE = { known: new Map(BUILT_IN_TOOLS.map((tool) => [tool.id, tool])), named: [] };

function toolOf(node: string): string {
  const [read] = parseFlow(`nodes:\n- {name: n, ${node}}\n`).nodes;
  return findTool(read!, TABLE).id;
}

test("a node's type or its package names the tool", () => {
  assert.equal(toolOf("type: python, source: {path: n.py}"), "python");
  assert.equal(toolOf("type: prompt, source: {type: git, path: p.jinja2}"), "prompt");
  const id = "promptflow.tools.embedding.embedding";
  assert.equal(toolOf(`type: python, source: {type: package, tool: ${id}}`), id);
  assert.equal(toolOf("type: python, source: {type: package, tool: somebody.own}"), "package");
});

test("a node that names no tool is refused in the original's words", () => {
  const cases: [string, string, RegExp][] = [
    ["type: python", "UserErrorException", /^Node n does not have source defined\.$/],
    ["source: {path: n.py}", "NotImplementedError", /^Tool type None is not supported yet\.$/],
    ["type: csharp, source: {}", "NotImplementedError", /^Tool type ToolType\.CSHARP is not supported yet\.$/],
    ["type: action", "NotImplementedError", /^Tool type ToolType\._ACTION is not supported yet\.$/],
    ["type: Python, source: {}", "ValueError", /^'Python' is not a valid ToolType$/],
    ["type: python, source: {type: git}", "NotImplementedError", /^Tool source type git for python tool is not/],
    ["type: python, source: {type: null}", "NotImplementedError", /^Tool source type None for python tool is not/],
    ["type: python, source: {type: package_with_prompt}", "NotImplementedError", /package_with_prompt for python tool/],
    ["type: custom_llm, source: {path: p}", "NotImplementedError", /^Tool source type code for custom_llm tool is not/],
    ["type: python, source: {type: package}", "PackageToolNotFoundError", /^Package tool 'None' is not found/],
  ];
  for (const [node, code, message] of cases) {
    assert.throws(
      () => toolOf(node),
      (error) => error instanceof FlowsteadError && error.code === code && message.test(error.message),
      node,
    );
  }
});
