import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { parseChat } from "../../src/prompt/parse-chat.ts";
import { parsePythonLiteral } from "../../src/prompt/python-literal.ts";

const ROLE_LINES = [
  "user:\n",
  "User :\n",
  " # USER\t:\n",
  "\n\n#user:  \n\n",
  "\u00a0user:\n",
  "\r\nuser:\r\n",
  "\n  #\n user\n:\n",
];

for (const line of ROLE_LINES) {
  test(`a role line: ${JSON.stringify(line)}`, () => {
    assert.deepEqual(parseChat(`${line}hello`), [{ role: "user", content: "hello" }]);
  });
}

const NO_ROLE_LINES = ["users:\n", "the user:\n", "user: hello\n", "##user:\n", "-user:\n", "user\n", "user"];

for (const line of NO_ROLE_LINES) {
  test(`no role line: ${JSON.stringify(line)}`, () => {
    assert.deepEqual(parseChat(`system:\n${line}x`), [{ role: "system", content: `${line}x`.trim() }]);
    assert.throws(
      () => parseChat(`${line}x`),
      (error) => {
        assert.ok(error instanceof FlowsteadError && error.code === "ChatAPIInvalidRole");
        assert.ok(error.message.includes(`Current parsed role '${`${line}x`.trim().toLowerCase()}'`), error.message);
        return true;
      },
    );
  });
}

test("a mark that does not belong to the role line stays in the text before it", () => {
  assert.deepEqual(parseChat("system:\na ##\nuser:\nb"), [
    { role: "system", content: "a ##" },
    { role: "user", content: "b" },
  ]);
});

test("an empty prompt has no messages, an empty message has empty content", () => {
  assert.deepEqual(parseChat(" \n"), []);
  assert.deepEqual(parseChat("system:\n\nuser:\n"), [
    { role: "system", content: "" },
    { role: "user", content: "" },
  ]);
});

test("functions and tools need their fields", () => {
  const code = (error: unknown): string => (error instanceof FlowsteadError ? error.code : String(error));
  const fails = (text: string, expected: string): void =>
    assert.throws(
      () => parseChat(text),
      (error) => code(error) === expected,
    );
  fails("function:\nx", "ChatAPIFunctionRoleInvalidFormat");
  fails("function:\nname:\ncontent:\nx", "ChatAPIFunctionRoleInvalidFormat");
  fails("tool:\nname:\na\ncontent:\nx", "ChatAPIToolRoleInvalidFormat");
  assert.deepEqual(parseChat("function:\n## name:\nf\n## content:\nx\ny"), [
    { role: "function", name: "f", content: "x\ny" },
  ]);
  assert.deepEqual(parseChat("tool:\ntool_call_id:\n c1\ncontent: x"), [
    { role: "tool", tool_call_id: "c1", content: "x" },
  ]);
});

test("a name may be glued to its content line, as the original's pattern allows", () => {
  assert.deepEqual(parseChat("user:\nname:\nadacontent:\nx"), [{ role: "user", name: "ada", content: "x" }]);
});

test("tool calls are read as Python prints them", () => {
  const calls =
    "[{'id': 'c', 'type': 'function', 'function': {'name': 'f', 'arguments': '{\"a\": [1]}'}, 'n': None, 'ok': True}]";
  assert.deepEqual(parseChat(`assistant:\n## tool_calls:\n${calls}\nuser:\nx`)[0], {
    role: "assistant",
    tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: '{"a": [1]}' }, n: null, ok: true }],
  });
  const code = "assistant:\n## tool_calls:\n[open('x')]";
  assert.deepEqual(parseChat(code), [{ role: "assistant", content: "## tool_calls:\n[open('x')]" }]);
});

test("Python literals", () => {
  const read = (text: string): unknown => parsePythonLiteral(text, 0)?.value;
  assert.deepEqual(read(`[1, -2, 0x1f, 'a' "b", r'\\n', '\\n\\x41\\u00e9', (1, 2), (3), {'k': [None, True]}, ]`), [
    1,
    -2,
    31,
    "ab",
    "\\n",
    "\nAé",
    [1, 2],
    3,
    { k: [null, true] },
  ]);
  for (const text of ["[1", "[1 2]", "{'a'}", "'open", "x", "[f()]", "[".repeat(1000)])
    assert.equal(read(text), undefined, text);
});
