// The page of `run visualize`, in a browser: what a person sees of runs, and that nothing in runs can do anything to it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { temporaryHome } from "../e2e/system.ts";
import { runHere } from "../cli/in-process.ts";
import { launch, noBrowser, watch } from "../web/browser.ts";

const skip = noBrowser();
/** A red point, as PNG in base64. */
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const HOSTILE = `</script><img src=x onerror="alert(1)"><b>bold</b> \u2028 "quoted" & 'so'`;
const { home, remove } = await temporaryHome();
const folder = path.dirname(home);
const html = path.join(folder, "page.html");
let browser: Browser;

const run = (...args: string[]): ReturnType<typeof runHere> => runHere(["run", ...args, "--home", home]);

before(async () => {
  if (skip) return;
  const rows = [
    { n: 1, who: HOSTILE },
    ...Array.from({ length: 40 }, (_, n) => ({ n: n % 5, who: `person ${n}`, part: n % 2 ? 1 : "x" })),
  ];
  await writeFile(path.join(folder, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  for (const [name, count] of [
    ["first", "${data.n}"],
    ["second", "1"],
    ["partly", "${data.part}"],
  ] as const) {
    const mapping = ["--column-mapping", "name=${data.who}", `count=${count}`];
    const from = ["--flow", "test/fixture/flow/greet", "--data", path.join(folder, "rows.jsonl")];
    const made = await run("create", ...from, ...mapping, "--name", name, "--json");
    assert.equal(made.code, 0, made.stderr);
  }
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await remove();
});

async function open(file: string, scheme: "light" | "dark" = "light"): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  watch(page, "file:", complaints);
  await page.goto(pathToFileURL(file).href);
  return { page, complaints };
}

async function violations(page: Page): Promise<string[]> {
  // The policy of the page holds for what is put into it, too, but not for what the browser's own tools evaluate.
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const found = (await page.evaluate(`axe.run({ resultTypes: ["violations"] })`)) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
}

test("two runs side by side: search, sort, pages, and what differs", { skip }, async () => {
  const made = await run("visualize", "--names", "first, second", "--html-path", html, "--no-open");
  assert.deepEqual([made.code, made.stdout.trim()], [0, html], made.stderr);
  const { page, complaints } = await open(html);
  await page.getByRole("heading", { name: "Comparison of 2 runs" }).waitFor();
  const status = page.getByRole("status");
  assert.equal(await status.textContent(), "1 to 25 of 41 lines");
  await page.getByRole("button", { name: "Next", exact: true }).click();
  assert.equal(await status.textContent(), "26 to 41 of 41 lines");
  await page.getByRole("searchbox").fill("person 3");
  assert.equal(await status.textContent(), "1 to 11 of 11 lines");
  await page.getByLabel("Only lines that differ").check();
  assert.equal(await status.textContent(), "1 to 9 of 9 lines");
  await page.getByLabel("Only lines that differ").uncheck();
  await page.getByRole("searchbox").fill("");
  const head = page.locator('th[data-column="0.outputs.count"]');
  await head.getByRole("button").click();
  await head.getByRole("button").click();
  assert.equal(await head.getAttribute("aria-sort"), "descending");
  assert.equal(await page.locator("tbody tr").first().locator("td").nth(4).textContent(), "4");
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(complaints, []);
});

test(
  "columns of words stay readable beside those of other runs, and on a telephone the table alone scrolls",
  { skip },
  async () => {
    await run("visualize", "-n", "first,second,partly", "--html-path", html, "--no-open");
    const { page } = await open(html);
    const narrowest = await page
      .locator(".cell.wide")
      .evaluateAll((all) => Math.min(...all.map((cell) => cell.clientWidth)));
    assert.ok(narrowest >= 160, `${narrowest} pixels`);
    await page.setViewportSize({ width: 390, height: 800 });
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  },
);

test("what stands in rows is text; a line's trace opens by the keyboard, in the dark too", { skip }, async () => {
  const { page, complaints } = await open(html, "dark");
  const first = page.locator("tbody tr").first();
  assert.match(
    (await first.locator("td").nth(1).textContent()) ?? "",
    /^<\/script><img src=x .*<b>bold<\/b> \u2028 "quoted" & 'so'$/,
  );
  assert.equal(await page.locator("img, b").count(), 0);
  await page.getByRole("button", { name: "Trace of line 0" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Line 1" });
  await dialog.waitFor();
  const node = dialog.getByRole("region", { name: "first" }).locator("summary").first();
  assert.match((await node.textContent()) ?? "", /^\w+Completed(\d|under)/);
  await node.press("Enter");
  assert.match((await dialog.locator("details[open] pre").first().textContent()) ?? "", /person 0/);
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("ArrowRight");
  await page.getByRole("dialog", { name: "Line 2" }).waitFor();
  await page.keyboard.press("Escape");
  // The page hears of it in a later task.
  await page.waitForFunction("document.activeElement.getAttribute('aria-label') === 'Trace of line 2'");
  assert.deepEqual(complaints, []);
});

test("the lines that failed are one click away", { skip }, async () => {
  const file = path.join(folder, "partly.html");
  const made = await run("visualize", "--names", "partly", "--html-path", file, "--no-open");
  assert.equal(made.code, 0, made.stderr);
  const { page, complaints } = await open(file);
  await page.getByRole("button", { name: "20 failed" }).click();
  assert.equal(await page.getByRole("status").textContent(), "1 to 20 of 20 lines");
  assert.match((await page.locator("tbody .failed").first().textContent()) ?? "", /'count'/);
  assert.equal(await page.evaluate("document.activeElement.id"), "status");
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(complaints, []);
});

test(
  "what failed beside the lines stands with the run, and a node's error with its place in the code",
  { skip },
  async () => {
    const flow = path.join(folder, "sums");
    await mkdir(flow);
    const tool = (name: string, body: string): string =>
      `from promptflow.core import tool\n@tool\ndef ${name}(n):\n    ${body}\n`;
    await writeFile(path.join(flow, "half.py"), tool("half", "return 1 / n"));
    await writeFile(path.join(flow, "total.py"), tool("total", 'raise ValueError("<b>no</b> total")'));
    const nodes = [
      '- {name: half, type: python, source: {type: code, path: half.py}, inputs: {n: "${inputs.n}"}}',
      '- {name: total, type: python, aggregation: true, source: {type: code, path: total.py}, inputs: {n: "${half.output}"}}',
    ];
    const head = 'inputs: {n: {type: int}}\noutputs: {n: {type: double, reference: "${half.output}"}}\nnodes:\n';
    await writeFile(path.join(flow, "flow.dag.yaml"), `${head}${nodes.join("\n")}\n`);
    await writeFile(path.join(folder, "halves.jsonl"), '{"n": 0}\n{"n": 1}\n');
    await run("create", "--flow", flow, "--data", path.join(folder, "halves.jsonl"), "--name", "sums");
    const file = path.join(folder, "sums.html");
    await run("visualize", "--names", "sums", "--html-path", file, "--no-open");
    const { page, complaints } = await open(file);
    assert.equal(
      await page.locator(".card .fault").textContent(),
      "Execution failure in 'total': (ValueError) <b>no</b> total",
    );
    await page.getByRole("button", { name: "Trace of line 0" }).click();
    const failures = await page.locator("dialog pre.failed").allTextContents();
    assert.match(failures[0] ?? "", /^Execution failure in 'half': \(ZeroDivisionError\) division by zero$/);
    assert.match(failures[1] ?? "", /division by zero\n\nTraceback [^]*half\.py", line 4, in half/);
    assert.deepEqual(complaints, []);
  },
);

test("a run of the original is taken in with its traces", { skip }, async () => {
  const old = path.join(folder, "old");
  const artifact = (record: object): string => `${JSON.stringify({ line_number: 0, run_info: record })}\n`;
  const times = { start_time: "2024-01-01T00:00:00Z", end_time: "2024-01-01T00:00:02Z", status: "Completed" };
  const inner = { name: "openai_chat", type: "LLM", start_time: 1704067200.5, end_time: 1704067201, output: "deep" };
  const calls = [{ name: "ask", type: "Tool", start_time: 1704067200, end_time: 1704067202, children: [inner] }];
  await mkdir(path.join(old, "flow_artifacts"), { recursive: true });
  await mkdir(path.join(old, "node_artifacts/ask"), { recursive: true });
  const output = {
    answer: "so",
    shown: [{ "data:image/png;path": "dot.png" }, { "data:image/png;path": "../gone.png" }],
  };
  const line = { ...times, inputs: { question: "why" }, output };
  await mkdir(path.join(old, "flow_outputs"));
  await writeFile(path.join(old, "flow_outputs/dot.png"), Buffer.from(DOT, "base64"));
  await writeFile(path.join(old, "flow_artifacts/000000000_000000000.jsonl"), artifact(line));
  await writeFile(
    path.join(old, "node_artifacts/ask/000000000.jsonl"),
    artifact({ ...times, node: "ask", output, api_calls: calls }),
  );
  await writeFile(path.join(old, "run_metadata.json"), JSON.stringify({ name: "from_cloud", tags: { a: "b" } }));
  const taken = await run("create", "--source", old, "--name", "old", "--set", "tags.c=d");
  assert.deepEqual((JSON.parse(taken.stdout) as { tags: object }).tags, { a: "b", c: "d" }, taken.stderr);
  assert.match((await run("show-details", "-n", "old")).stdout, /why +0 +so/);
  const made = await run("visualize", "-n", "old", "--no-open", "--json");
  const { html_path: file } = JSON.parse(made.stdout) as { html_path: string };
  const { page, complaints } = await open(file);
  await page.getByRole("button", { name: "Trace of line 0" }).click();
  await page.locator("summary").first().click();
  // The image is in the page itself, in the table and in the trace; one whose file is not there stays a text.
  const widths = (selector: string): Promise<unknown> =>
    page.evaluate(`[...document.querySelectorAll("${selector}")].map((image) => image.naturalWidth)`);
  assert.deepEqual([await widths(".grid img"), await widths("dialog img")], [[1], [1, 1]]);
  assert.deepEqual(complaints, []);
  assert.deepEqual(await page.locator("summary .name").allTextContents(), ["ask", "openai_chat"]);
});
