// `flowstead run` as its user meets it, and a run that is killed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { environment, temporaryHome } from "../e2e/system.ts";
import { CLI } from "../program.ts";
import { runHere } from "../cli/in-process.ts";

const { home, remove } = await temporaryHome();
after(remove);
const folder = path.dirname(home);
const run = (...args: string[]): ReturnType<typeof runHere> => runHere(["run", ...args, "--home", home]);

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
  assert.match(details.stdout, /^inputs\.name +inputs\.count .*\n-.*\nAnn +1 +0 +Hello Ann! +1\nBob +two +1 /);
  assert.match((await run("list", "-o", "table")).stdout, /^name +status .*\n-.*\nfrom_file +Completed /);
  const updated = await run("update", "-n", "from_file", "--set", "description=x", "tags.b=c");
  assert.deepEqual((JSON.parse(updated.stdout) as { tags: object }).tags, { team: "a", b: "c" });
  await run("archive", "-n", "from_file");
  assert.equal((await run("list")).stdout.trim(), "[]");
  assert.match((await run("list", "--archived-only")).stdout, /from_file/);
  assert.match((await run("stream", "-n", "from_file")).stderr, /execution\.bulk +INFO +Finished 2 \/ 2 lines\./);
  assert.match((await run("delete", "-n", "from_file")).stderr, /say --yes/);
  assert.equal((await run("delete", "-n", "from_file", "--yes")).code, 0);
  assert.match((await run("show", "-n", "from_file")).stderr, /Run 'from_file' cannot be found/);
});

test("wrong words and wrong files are told where they are wrong", async () => {
  const file = path.join(folder, "wrong.yaml");
  await writeFile(file, "flow: x\ndata: y\ncolumn_maping: {}\n");
  assert.match((await run("create", "-f", file)).stderr, /wrong\.yaml:\d: .*column_maping/);
  assert.match((await run("create")).stderr, /Which flow\? Give --flow/);
  const flow = ["--flow", "test/fixture/flow/greet"];
  const missing = await run("create", ...flow, "--data", path.join(folder, "none.jsonl"));
  assert.deepEqual([missing.code, /There is no data at .*none\.jsonl/.test(missing.stderr)], [1, true]);
  assert.match((await run("creat")).stderr, /Did you mean create\?/);
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
