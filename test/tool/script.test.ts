import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Value } from "../../src/base/value.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS, TOOLS_OF_KEY_HOLDER } from "../../src/tool/index.ts";
import { readSignature } from "../../src/tool/script/signature.ts";
import { flowResources, openFiles, runFlow } from "../flow/flow-folder.ts";

function flow(script: string, inputs = "q: '${inputs.q}'", file = "tool.ts"): Record<string, string> {
  return {
    "flow.dag.yaml": [
      "inputs: {q: {type: object, default: hi}}",
      "outputs: {o: {type: object, reference: '${n.output}'}}",
      "environment_variables: {GREETING: hello}",
      "nodes:",
      `- {name: n, type: ${file.endsWith("ts") ? "typescript" : "javascript"}, source: {type: code, path: ${file}}, inputs: {${inputs}}}`,
      "",
    ].join("\n"),
    [file]: script,
  };
}

async function run(context: TestContext, files: Record<string, string>, connections: Connection[] = []) {
  return runFlow(await openFiles(context, files, { connections }));
}

test("inputs come by name in the types of the signature, from .ts, .js and .mjs, sync and async", async (context) => {
  const typed = `import { twice } from "./part";
import type { Shape } from "./part.ts";
enum Kind { A = "a" }
export async function tool(q: string, count: number, flag = true, list?: string[], kind: Kind = Kind.A): Promise<Shape> {
  return { text: twice(q), count: count + 0.5, flag, list: list ?? null, kind, env: process.env.GREETING, home: process.env.HOME ?? null };
}
`;
  const files = {
    ...flow(typed, "q: '${inputs.q}', count: '3', list: '[\"a\"]'"),
    "part.ts":
      "export interface Shape { [key: string]: unknown }\nexport const twice = (text: string): string => text + text;\n",
  };
  assert.deepEqual((await run(context, files)).outputs, {
    o: { text: "hihi", count: 3.5, flag: true, list: ["a"], kind: "a", env: "hello", home: null },
  });
  for (const file of ["tool.js", "tool.mjs"]) {
    const script = "export default (q) => [q, typeof q];\nexport const other = () => 1;\n";
    assert.deepEqual((await run(context, flow(script, undefined, file))).outputs, { o: ["hi", "string"] });
  }
});

test("inputs come as one object to a function that takes one", async (context) => {
  const destructured = "export function tool({ q, n = 2 }: { q: string; n?: number }) { return q.repeat(n); }\n";
  assert.deepEqual((await run(context, flow(destructured))).outputs, { o: "hihi" });
  const named =
    "interface In { q: string; n?: number }\nexport const tool = (given: In) => Object.keys(given).sort();\n";
  assert.deepEqual((await run(context, flow(named, "q: '${inputs.q}', n: 1"))).outputs, { o: ["n", "q"] });
});

test("generators stream; the console becomes the node's log", async (context) => {
  const script = `export async function* tool(q: string) {
  console.log("begun %s", q);
  console.error("careful");
  for (const word of ["a ", "b ", q]) yield word;
}
`;
  const { events, outputs, logs } = await run(context, flow(script));
  assert.deepEqual(outputs, { o: "a b hi" });
  assert.equal(events.filter(({ type }) => type === "text-delta").length, 3);
  assert.match(logs, /begun hi\n/);
  assert.match(logs, /careful\n/);
  const [start] = events.filter((event) => event.type === "node-start");
  assert.equal(start?.type === "node-start" && start.tool, "typescript");
});

test("an error names the author's line and no line of the engine; the thread goes on", async (context) => {
  const script = `interface A { b: string }

export function tool(q: string): string {
  const a: A = { b: q };
  if (q === "bad") throw new RangeError("no such thing");
  return a.b;
}
`;
  const target = await openFiles(context, flow(script));
  const { error } = await runFlow(target, { q: "bad" });
  assert.equal(error?.code, "ToolExecutionError");
  assert.equal(error.message, "Execution failure in 'n': (RangeError) no such thing");
  const { traceback, filename, lineno } = error.details as { traceback: string; filename: string; lineno: number };
  assert.equal(filename, "tool.ts");
  assert.equal(lineno, 5);
  assert.equal(traceback.split("\n").length, 2, traceback);
  assert.deepEqual((await runFlow(target, { q: "good" })).outputs, { o: "good" });
});

test("a call that hangs is ended at the time limit, and calls beside it and after it are well", async (context) => {
  const script = 'export const tool = (q: string) => { while (q === "hang"); return q; };\n';
  const target = await openFiles(context, flow(script), { timeoutMs: 8000 });
  await Promise.all([runFlow(target, { q: "warm" }), runFlow(target, { q: "warm" })]); // Two threads are there.
  const [hung, well] = await Promise.all([runFlow(target, { q: "hang" }), runFlow(target, { q: "well" })]);
  assert.equal(hung.error?.code, "LineExecutionTimeoutError");
  assert.deepEqual(well.outputs, { o: "well" });
  assert.deepEqual((await runFlow(target, { q: "after" })).outputs, { o: "after" });
});

test("a result that is no JSON, an exit and a module that fails are errors of the node", async (context) => {
  const fails = async (body: string) => (await run(context, flow(body))).error?.message ?? "";
  assert.match(await fails("export const tool = (q: string) => () => q;"), /\(TypeError\) the result is a function/);
  assert.match(await fails("export const tool = (q: string) => process.exit(q.length);"), /exit code 2/);
  assert.match(
    await fails('import "./nowhere.ts";\nexport const tool = (q: string) => q;'),
    /cannot be loaded.*nowhere/,
  );
});

const MODES = { "a thread": BUILT_IN_TOOLS, "a process of its own": TOOLS_OF_KEY_HOLDER };

for (const [mode, tools] of Object.entries(MODES)) {
  test(`in ${mode}: what nobody waited for fails its call or nothing, and the next call is well`, async (context) => {
    const script = `import { setTimeout as delay } from "node:timers/promises";
class Lost extends Error {}
export async function tool(q: string) {
  if (q === "during") { void Promise.reject(new Lost("nobody waited")); await delay(60_000); }
  if (q === "after") setTimeout(() => { throw new Lost("later"); }, 0);
  if (q === "object") throw { code: 5 };
  process.stdout.write("raw " + q);
  return [process.pid, new Map([["a", new Set([12345678901234567890n])]])];
}
`;
    const target = await openFiles(context, flow(script), { tools });
    const { error } = await runFlow(target, { q: "during" });
    assert.equal(error?.message, "Execution failure in 'n': (Lost) nobody waited");
    assert.equal(error.details?.["lineno"], 4);
    for (const q of ["after", "next", "next"]) {
      const { outputs, logs } = await runFlow(target, { q });
      const [pid, rest] = (outputs?.["o"] ?? []) as [number, Value];
      assert.equal(pid === process.pid, tools === BUILT_IN_TOOLS);
      assert.deepEqual(rest, { a: [12345678901234567890n] });
      assert.match(logs, new RegExp(`raw ${q}`));
      await delay(200); // Time in which what is left running can fail.
    }
    assert.match((await runFlow(target, { q: "object" })).error?.message ?? "", /\(Error\) \{ code: 5 \}$/);
  });
}

test("a process runs in the flow's folder and may leave; what it breaks is told with the flow's own paths", async (context) => {
  const script = `import { readFileSync } from "node:fs";
export async function tool(q: string) {
  if (q === "exit") process.exit(3);
  return q === "part" ? (await import("./part.ts")).x : readFileSync(q, "utf8");
}
`;
  const files = { ...flow(script), "part.ts": "export const x =\n  = 1;\n", "note.txt": "noted" };
  const target = await openFiles(context, files, { tools: TOOLS_OF_KEY_HOLDER });
  const fails = async (q: string) => (await runFlow(target, { q })).error;
  assert.deepEqual((await runFlow(target, { q: "note.txt" })).outputs, { o: "noted" });
  assert.match((await fails("part"))?.message ?? "", /\(SyntaxError\) part\.ts:2: Unexpected token$/);
  const gone = await fails("exit");
  assert.match(gone?.message ?? "", /the script ended it with exit code 3/);
  assert.equal(gone?.details?.["node"], "n");
});

test("a parameter of a connection's type gets the connection", async (context) => {
  const script =
    "export const tool = (c: AzureOpenAIConnection | OpenAIConnection, q: string) => `${q} ${c.name} ${c.api_base} ${c.api_key}`;";
  const connections: Connection[] = [
    { name: "azure", type: "AzureOpenAIConnection", configs: { api_base: "b" }, secrets: { api_key: "k" } },
    { name: "serp", type: "SerpConnection", configs: {}, secrets: { api_key: "k" } },
  ];
  const inputs = (name: string): string => `q: '\${inputs.q}', c: ${name}`;
  assert.deepEqual((await run(context, flow(script, inputs("azure")), connections)).outputs, { o: "hi azure b k" });
  await assert.rejects(run(context, flow(script, inputs("serp")), connections), {
    message: /Input 'c' for node 'n' of type 'SerpConnection' is not supported/,
  });
});

test("what is wrong with a script is said when the flow is loaded", async (context) => {
  const cases: [script: string, inputs: string | undefined, message: RegExp][] = [
    ["const tool = () => 1;", undefined, /\(NoToolDefined\) tool\.ts exports no function/],
    [
      "export const a = () => 1; export function b() {}",
      undefined,
      /\(MultipleToolsDefined\) tool\.ts exports 2 functions: a, b\./,
    ],
    ["export function tool(q: string) {\n  return q +;\n}", undefined, /\(ScriptSyntaxError\) tool\.ts:2: /],
    ['export { tool } from "./other.ts";', undefined, /\(BadFunctionInterface\).*another file/],
    ["export const tool = ([a]: string[]) => a;", undefined, /\(BadFunctionInterface\).*parameter 1/],
    ["export const tool = (q: string, n: number) => q;", undefined, /Input 'n' for node 'n' is missing/],
    [
      "export const tool = (q: string) => q;",
      "q: a, z: 1",
      /Input 'z' for node 'n' is no parameter of 'tool' in tool\.ts\. It has: q\./,
    ],
    ["export const tool = (n: number) => n;", "n: many", /Input 'n' for node 'n' of value 'many' is not type double/],
    ['export const tool = (m: "a" | "b") => m;', "m: c", /of value 'c' is none of 'a', 'b'/],
  ];
  for (const [script, inputs, message] of cases) {
    await assert.rejects(openFiles(context, flow(script, inputs)), { code: "ResolveToolError", message }, script);
  }
  await assert.rejects(openFiles(context, flow("x", undefined, "tool.cts")), { message: /must end in \.ts/ });
});

test("the example runs: one node's list goes into the other, whose text streams", async (context) => {
  const target = await openFlow({
    directory: "examples/flows/typescript-tool",
    tools: BUILT_IN_TOOLS,
    resources: flowResources(),
  });
  context.after(() => target.close());
  const { outputs, events, logs } = await runFlow(target, { text: "one two three", longest: 2 });
  assert.equal(outputs?.["sentence"], "The longest words are three and one.");
  assert.ok(events.some(({ type }) => type === "text-delta"));
  assert.match(logs, /3 different words/);
});

test("the signature of a script: types, defaults, choices, its comment", () => {
  const { inputs, description, generator } = readSignature(
    `type Mode = "fast" | "slow";
/** Greets somebody.
 * @param name who it is */
export function* greet(name: string, mode: Mode, size = 3, tags: readonly string[] = [], extra?: Record<string, number>, any: unknown = null) {}
`,
    "greet.ts",
  );
  assert.deepEqual(inputs, {
    name: { type: ["string"], has_default: false },
    mode: { type: ["string"], enum: ["fast", "slow"], has_default: false },
    size: { type: ["double"], has_default: true, default: 3 },
    tags: { type: ["list"], has_default: true, default: [] },
    extra: { type: ["object"], has_default: true },
    any: { type: ["object"], has_default: true, default: null },
  });
  assert.equal(description, "Greets somebody.");
  assert.equal(generator, true);
});
