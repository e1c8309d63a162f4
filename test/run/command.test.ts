// `flowstead run` as its user meets it, and a run that is killed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { environment, temporaryHome } from "../e2e/system.ts";
import { CLI } from "../program.ts";
import { runHere } from "../cli/in-process.ts";

const { home, remove } = await temporaryHome();
after(remove);
const folder = path.dirname(home);
const run = (...args: string[]): ReturnType<typeof runHere> => runHere(["run", ...args, "--home", home]);

/** With what a script writes to the command. */
async function answered(text: string, ...args: string[]): ReturnType<typeof runHere> {
  const own = Object.getOwnPropertyDescriptor(process, "stdin") as PropertyDescriptor;
  Object.defineProperty(process, "stdin", { ...own, get: () => Readable.from([text]) });
  return run(...args).finally(() => Object.defineProperty(process, "stdin", own));
}

test("a run from a file, and every question about it", async () => {
  await writeFile(path.join(folder, "rows.csv"), "who,n\nAnn,1\nBob,two\n");
  const yaml = `flow: ${path.resolve("test/fixture/flow/greet")}\ndata: rows.csv\nname: from_file\ntags: {team: a}\ncolumn_mapping: {name: "\${data.who}", count: "\${data.n}"}\n`;
  await writeFile(path.join(folder, "run.yaml"), yaml);
  const created = await run("create", "-f", path.join(folder, "run.yaml"), "--set", "display_name=From a file");
  assert.equal(created.code, 0, created.stderr);
  const record = JSON.parse(created.stdout) as Record<string, unknown>;
  assert.deepEqual(
    [record.name, record.status, record.display_name, record.tags],
    ["from_file", "Completed", "From a file", { team: "a" }],
  );
  assert.match(String(record.created_on), /^[\d-]+T[\d:]+\.\d{6}\+00:00$/);
  const { code, innerError, referenceCode } = record.error as Record<string, unknown>;
  assert.deepEqual(
    [code, innerError, referenceCode],
    ["UserError", { code: "SDKError", innerError: { code: "BulkRunException", innerError: null } }, "Runtime"],
  );
  assert.match(created.stderr, /Lines .* 2\/2 \(.*\/s\) 1 failed/);
  const details = await run("show-details", "-n", "from_file");
  assert.match(details.stdout, /^inputs\.name +inputs\.coun[^]*\nAnn +1 +0 +Hello Ann! +1\n-[- ]*\nBob +two +1 /);
  const [listed] = JSON.parse((await run("list", "-r", "1")).stdout) as { error: object }[];
  assert.deepEqual(Object.keys(listed?.error ?? {}), Object.keys(record.error as object).slice(0, -1));
  assert.equal((await run("list", "-r", "0")).stdout, "[]\n");
  assert.match((await run("list", "-o", "table")).stdout, /^name +status .*\n-.*\nfrom_file +Completed /);
  const updated = await run("update", "-n", "from_file", "--set", "description=x", "tags.b=c");
  assert.deepEqual((JSON.parse(updated.stdout) as { tags: object }).tags, { team: "a", b: "c" });
  await run("archive", "-n", "from_file");
  assert.equal((await run("list")).stdout.trim(), "[]");
  assert.match((await run("list", "--archived-only")).stdout, /from_file/);
  assert.match(
    (await run("stream", "-n", "from_file")).stdout,
    /execution\.bulk +INFO +Finished 2 \/ 2 lines\.\n[^]*Run status: "Completed"/,
  );
  assert.match((await answered("", "delete", "-n", "from_file")).stderr, /say --yes/);
  assert.match((await answered("maybe\nn\n", "delete", "-n", "from_file")).stderr, /Nothing was deleted/);
  assert.match((await answered("y\n", "delete", "-n", "from_file")).stderr, /Run from_file is deleted/);
  assert.match((await run("show", "-n", "from_file")).stderr, /Run 'from_file' cannot be found/);
});

test("wrong words and wrong files are told where they are wrong", async () => {
  const file = path.join(folder, "wrong.yaml");
  await writeFile(file, "flow: x\ndata: y\ncolumn_maping: {}\n");
  assert.match((await run("create", "-f", file)).stderr, /wrong\.yaml:\d: .*column_maping/);
  assert.match((await run("create")).stderr, /Which flow\? Give --flow/);
  const flow = ["--flow", "test/fixture/flow/greet"];
  const named = ["--data", "test/fixture/flow/greet/flow.dag.yaml", "--name"];
  assert.match((await run("create", ...flow, ...named, "a/b")).stderr, /"a\/b" cannot name a run: use letters/);
  const data = path.join(folder, "no-folder.jsonl");
  await writeFile(data, '{"name": "Ann", "count": 1}\n');
  const unwritable = await runHere(["run", "create", ...flow, "--data", data, "--home", data]);
  assert.equal(unwritable.code, 1);
  assert.match(unwritable.stderr, /Runs cannot be written in .*no-folder\.jsonl/);
  for (const [words, code, message] of [
    [["show", "-n", "none"], "RunNotFoundError", /Run 'none' cannot be found/],
    [["show"], "UsageError", /^required option '-n, --name <name>' not specified$/],
    [["update", "-n", "none", "--set", "word"], "UsageError", /"word" is not of the form name=value/],
  ] as const) {
    const { stdout, stderr } = await run(...words, "--json");
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
    assert.deepEqual([stdout, error.code, message.test(error.message)], ["", code, true], stderr);
  }
  const missing = await run("create", ...flow, "--data", path.join(folder, "none.jsonl"));
  assert.deepEqual([missing.code, /There is no data at .*none\.jsonl/.test(missing.stderr)], [1, true]);
  assert.match((await run("creat")).stderr, /Did you mean create\?/);
});

test("a class that does not take its init is a run that failed, and one with a blank in its name", async () => {
  const flow = path.join(folder, "class");
  await mkdir(flow);
  await writeFile(path.join(flow, "flow.flex.yaml"), "entry: greeter:Greeter\n");
  const code =
    "class Greeter:\n    def __init__(self, name: str):\n        pass\n\n    def __call__(self, n: int):\n        return n\n";
  await writeFile(path.join(flow, "greeter.py"), code);
  const data = path.join(folder, "one.jsonl");
  await writeFile(data, '{"n": 1}\n');
  const failed = await run("create", "--flow", flow, "--data", data, "--name", "bad init", "--json");
  assert.deepEqual([failed.code, failed.stderr], [0, ""]);
  const { status, error } = JSON.parse(failed.stdout) as { status: string; error: { message: string } };
  assert.equal(status, "Failed");
  process.env["PF_WORKER_COUNT"] = "0";
  const made = await run("create", "--flow", flow, "--data", data, "--name", "good init", "--init", "name=Ann");
  delete process.env["PF_WORKER_COUNT"];
  assert.match(made.stderr, /note: PF_WORKER_COUNT is "0" and is passed over/);
  const { status: ended, properties } = JSON.parse(made.stdout) as { status: string; properties: object };
  assert.deepEqual([ended, (properties as { init_kwargs: object }).init_kwargs], ["Completed", { name: "Ann" }]);
  assert.match(error.message, /Failed to initialize flow entry with/);
  assert.equal((await run("show", "-n", "bad init")).code, 0);
  const { stdout, stderr } = await run("show-details", "-n", "bad init");
  assert.deepEqual([stdout, stderr], ["", "No line of run bad init has ended.\n"]);
  const left = path.join(home, "runs", "bad init");
  assert.match(await readFile(path.join(left, "logs.txt"), "utf8"), /ERROR +Run bad init failed: Failed to initialize/);
  assert.equal(await readFile(path.join(left, "snapshot/greeter.py"), "utf8"), code);
});

test("lines without number are shown as tables of a thousand", async () => {
  const data = path.join(folder, "many.jsonl");
  await writeFile(data, Array.from({ length: 2001 }, (_, n) => `{"name":"${n}"}\n`).join(""));
  const from = [
    "--flow",
    "test/fixture/flow/greet",
    "--data",
    data,
    "--column-mapping",
    "name=${data.name}",
    "count=1",
  ];
  assert.equal((await run("create", ...from, "--name", "many")).code, 0);
  const { stdout } = await run("show-details", "-n", "many", "--all-results");
  assert.equal([...stdout.matchAll(/^inputs\.name +/gm)].length, 3);
  assert.match(stdout, /\n999 [^\n]*\n\ninputs\.name [^\n]*\n-[^\n]*\n1000 [^]*\n2000 [^\n]*\n$/);
  assert.equal(
    (JSON.parse((await run("show-details", "-n", "many", "--all-results", "--json")).stdout) as []).length,
    2001,
  );
});

test("after kill -9, resuming repeats no line that had ended", async () => {
  const flow = path.join(folder, "slow");
  await mkdir(flow);
  const seen = path.join(folder, "seen.txt");
  await writeFile(
    path.join(flow, "flow.dag.yaml"),
    "inputs:\n  n: {type: int}\noutputs:\n  n: {type: int, reference: '${slow.output}'}\nnodes:\n- name: slow\n  type: python\n  source: {type: code, path: slow.py}\n  inputs: {n: '${inputs.n}'}\n",
  );
  await writeFile(
    path.join(flow, "slow.py"),
    `import time\nfrom promptflow.core import tool\n\n\n@tool\ndef slow(n: int) -> int:\n    with open(${JSON.stringify(seen)}, "a") as file:\n        file.write("%d\\n" % n)\n    time.sleep(0.03)\n    return n\n`,
  );
  const data = path.join(folder, "numbers.jsonl");
  await writeFile(data, Array.from({ length: 60 }, (_, n) => `{"n": ${n}}\n`).join(""));
  const args = ["run", "create", "--flow", flow, "--data", data, "--name", "killed", "--home", home, "--json"];
  const child = spawn(process.execPath, [...CLI, ...args], {
    env: environment(),
    stdio: "ignore",
  });
  const journal = path.join(home, "runs", "killed", "lines.tsv");
  while (((await readFile(journal, "utf8").catch(() => "")).match(/\n/g) ?? []).length < 10) {
    assert.equal(child.exitCode, null, "the run ended before it could be killed");
    await delay(5);
  }
  child.kill("SIGKILL");
  await once(child, "close");
  const ended = (await readFile(journal, "utf8"))
    .split("\n")
    .slice(0, -1)
    .map((row) => Number(row.split("\t")[0]));
  assert.ok(ended.length < 60);
  assert.equal((JSON.parse((await run("show", "-n", "killed")).stdout) as { status: string }).status, "Failed");
  const resumed = await run("create", "--resume-from", "killed", "--name", "resumed", "--json");
  assert.equal(resumed.code, 0, resumed.stderr);
  const outputs = (await readFile(path.join(home, "runs", "resumed", "flow_outputs", "output.jsonl"), "utf8"))
    .trim()
    .split("\n");
  assert.deepEqual(
    outputs.map((row) => (JSON.parse(row) as { n: number }).n),
    Array.from({ length: 60 }, (_, n) => n),
  );
  const calls = (await readFile(seen, "utf8")).trim().split("\n").map(Number);
  assert.deepEqual(
    ended.filter((n) => calls.filter((call) => call === n).length !== 1),
    [],
  );
});
