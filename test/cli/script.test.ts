// What scripts of the original rely on besides its words: flags cut short, folders that change, variables of models.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { heldSecrets } from "../../src/app/held-secret.ts";
import { loadConfig } from "../../src/config/load.ts";
import { environment } from "../e2e/system.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { CLI } from "../program.ts";
import { runHere } from "./in-process.ts";

/** A folder of its own as the person's, and as the one to work in. */
function newPerson(context: TestContext): (...names: string[]) => string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "script-")));
  const before = { folder: process.cwd(), HOME: process.env.HOME };
  process.env.HOME = folder;
  process.chdir(folder);
  context.after(() => {
    process.chdir(before.folder);
    if (before.HOME === undefined) delete process.env.HOME;
    else process.env.HOME = before.HOME;
    rmSync(folder, { recursive: true });
  });
  return (...names) => path.join(folder, ...names);
}

async function connectionNames(): Promise<string[]> {
  return (JSON.parse((await runHere(["connection", "list"])).stdout) as { name: string }[]).map(({ name }) => name);
}

function setVariables(context: TestContext, variables: Record<string, string>): void {
  Object.assign(process.env, variables);
  context.after(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
  });
}

const PROMPTY = `---
model:
  api: chat
  configuration:
    type: azure_openai
    azure_deployment: asked
inputs:
  question: {type: string}
---
user:
{{question}}
`;

test("a long flag may be cut short to what only one begins with; words that nobody knows end with 2", async () => {
  const short = await runHere(["run", "visualize", "--name", "none", "--home", path.join(tmpdir(), "no-such-home")]);
  assert.match(short.stderr, /Run 'none' cannot be found/);
  assert.equal(short.code, 1);
  const unclear = await runHere(["flow", "test", "--flow", "x", "--in", "y"]);
  assert.match(unclear.stderr, /ambiguous option '--in': it could be --inputs, --init, --interactive\n/);
  const unknown = await runHere(["run", "list", "--max-resluts=3"]);
  assert.match(unknown.stderr, /unknown option '--max-resluts=3'/);
  const missing = await runHere(["run", "show"]);
  assert.deepEqual([unclear.code, unknown.code, missing.code], [2, 2, 2]);
  assert.equal((await runHere(["run", "show", "--hel"])).code, 0);
});

test("what one folder stores, the next one finds: the person's own, or the project's around it", async (context) => {
  const at = newPerson(context);
  for (const name of ["first", "second", "project/below"]) mkdirSync(at(name), { recursive: true });
  process.chdir(at("first"));
  const made = await runHere(["connection", "create", "--set", "name=kept", "type=open_ai", "api_key=k"]);
  assert.match(made.stderr, /kept in .*\.flowstead, for flows of any folder/);
  process.chdir(at("second"));
  assert.equal((await runHere(["connection", "show", "-n", "kept"])).code, 0);
  // A project has its own besides, which are nobody else's.
  mkdirSync(at("project", ".flowstead"));
  process.chdir(at("project", "below"));
  await runHere(["connection", "create", "--set", "name=near", "type=open_ai", "api_key=near-key"]);
  await runHere(["connection", "update", "-n", "kept", "--set", "api_key=new-key"]);
  assert.deepEqual(await connectionNames(), ["near", "kept"]);
  // A system that is started in the project has both; one whose folder is named has its own alone.
  process.chdir(at("project"));
  assert.deepEqual([...(await heldSecrets(loadConfig({ env: {} }).config))], ["near-key", "new-key"]);
  const named = loadConfig({ env: { FLOWSTEAD_HOME: at("project", ".flowstead") } });
  assert.deepEqual([...(await heldSecrets(named.config))], ["near-key"]);
  process.chdir(at("first"));
  assert.deepEqual(await connectionNames(), ["kept"]);
  process.chdir(at("project"));
  // The person makes one of the same name for the other projects, too; deleting it here leaves theirs.
  const own = ["connection", "create", "--home", at(".flowstead"), "--set", "name=near"];
  assert.equal((await runHere([...own, "type=open_ai", "api_key=theirs"])).code, 0);
  const deletions = [];
  for (const name of ["near", "near", "near", "kept"])
    deletions.push((await runHere(["connection", "delete", "-n", name])).stderr.replaceAll(at(), ""));
  assert.deepEqual(deletions, [
    'Deleted connection "near" of /project/.flowstead.\nnote: the one of that name in /.flowstead counts now.\n',
    'Deleted connection "near" of /.flowstead.\n',
    'There is no connection "near".\n',
    'Deleted connection "kept" of /.flowstead.\n',
  ]);
  assert.deepEqual(await connectionNames(), []);
  process.chdir(at("first"));
  await runHere(["connection", "create", "--set", "name=kept", "type=open_ai", "api_key=k"]);
  setVariables(context, { PF_HOME_DIRECTORY: at("elsewhere") });
  process.chdir(at("second"));
  // The person's folder is above this one, and its own name in the original is for where there is none.
  assert.equal((await runHere(["connection", "show", "-n", "kept"])).code, 0);
});

test("a prompty without an address asks the model that the usual variables describe", async (context) => {
  const at = newPerson(context);
  const model = await fakeModel(context);
  writeFileSync(at("ask.prompty"), PROMPTY);
  const test = ["flow", "test", "--flow", "ask.prompty", "--inputs", "question=hi"];
  const nobody = await runHere(test);
  assert.match(nobody.stdout, /built-in extractive model/);
  const made = ["connection", "create", "--set", "name=mine", "type=azure_open_ai", "api_key=first-key"];
  assert.equal((await runHere([...made, `api_base=${model.url}`])).code, 0);
  const given = ["AZURE_OPENAI_API_KEY=${mine.api_key}", "AZURE_OPENAI_ENDPOINT=${mine.api_base}"];
  const asked = await runHere([...test, "--env", ...given]);
  assert.equal(asked.code, 0, asked.stderr);
  setVariables(context, { AZURE_OPENAI_API_KEY: "second-key", AZURE_OPENAI_ENDPOINT: model.url });
  assert.equal((await runHere(test)).code, 0);
  const paths = model.journal.entries.map(({ path: address }) => address.split("?")[0]);
  assert.deepEqual(paths, Array(2).fill("/openai/deployments/asked/chat/completions"));
  const list = await runHere(["run", "list"]);
  assert.deepEqual([list.code, list.stdout], [0, "[]\n"]);
});

test("a new chat flow brings the files of its connection, under the names that the original gives them", async (context) => {
  const at = newPerson(context);
  assert.equal((await runHere(["flow", "init", "--flow", "my_chatbot", "--type", "chat"])).code, 0);
  const create = (file: string, ...more: string[]): Promise<{ stdout: string }> =>
    runHere(["connection", "create", "--file", at("my_chatbot", file), "--set", "api_key=k", ...more]);
  const open = JSON.parse((await create("openai.yaml")).stdout) as { name: string; type: string };
  assert.deepEqual([open.name, open.type], ["open_ai_connection", "open_ai"]);
  const azure = JSON.parse((await create("azure_openai.yaml", "api_base=http://127.0.0.1:9")).stdout) as object;
  assert.deepEqual({ ...azure, api_base: "http://127.0.0.1:9", type: "azure_open_ai" }, azure);
});

test("a run's file with a key that there is not runs, and the key is named with its line", async (context) => {
  const at = newPerson(context);
  assert.equal((await runHere(["flow", "init", "--flow", "grade", "--type", "evaluation"])).code, 0);
  writeFileSync(at("run.yaml"), "flow: grade\ndata: grade/data.jsonl\nnew_key: 1\n");
  const ran = await runHere(["run", "create", "-f", "run.yaml", "--name", "one"]);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stderr, /note: run\.yaml:3: a run has no key new_key; it is passed over\./);
  assert.equal((await runHere(["run", "show-metrics", "-n", "one"])).code, 0);
  const wrong = ["run", "create", "-f", "run.yaml", "--column-mapping", "answer=${data.no}", "--name"];
  // Whoever does not watch a run reads its status; whoever watches it learns of its failure by the exit code.
  const failed = await runHere([...wrong, "two"]);
  assert.equal(failed.code, 0);
  assert.equal((JSON.parse(failed.stdout) as { status: string }).status, "Failed");
  assert.match(failed.stderr, /Run two failed: .* To go on with it: /);
  const watched = await runHere([...wrong, "three", "--stream"]);
  assert.equal(watched.code, 1);
  assert.match(watched.stdout, /Run status: "Failed"/);
  // Whatever prints a run tells what went wrong with it, and there are no metrics of what did not end.
  const shown = JSON.parse((await runHere(["run", "archive", "-n", "two"])).stdout) as { error: { message: string } };
  assert.match(shown.error.message, /Couldn't find these mapping relations/);
  const metrics = await runHere(["run", "show-metrics", "-n", "two"]);
  assert.match(metrics.stderr, /Run 'two' is not completed, the status is 'Failed'/);
  const set = ["name=four", "column_mapping.prediction=${data.groundtruth}", "tags.team=a", "nothing=x"];
  const changed = await runHere(["run", "create", "-f", "run.yaml", "--set", ...set]);
  const record = JSON.parse(changed.stdout) as { name: string; tags: object };
  assert.deepEqual([record.name, record.tags], ["four", { team: "a" }]);
  assert.match(changed.stderr, /note: --set: a run has no key nothing; it is passed over\./);
  const relabelled = await runHere(["run", "update", "-n", "four", "--set", "status=Failed", "description=d"]);
  assert.match(relabelled.stderr, /note: "status" cannot be set and is passed over/);
  assert.match(relabelled.stdout, /"status": "Completed",[^]*"description": "d"/);
  writeFileSync(at("none.yaml"), "");
  assert.match((await runHere(["run", "create", "-f", "none.yaml"])).stderr, /none\.yaml:1: a run's file holds keys/);
});

const needsFull = { skip: existsSync("/dev/full") ? false : "this machine has no /dev/full" };

test("a reader that has gone and a full disk end a command without a stack trace", needsFull, () => {
  const command = [process.execPath, ...CLI, "tool", "list"].map((word) => `'${word}'`).join(" ");
  const run = (script: string): { status: number | null; stderr: string } =>
    spawnSync("sh", ["-c", script], { env: environment(), encoding: "utf8" });
  assert.equal(run(`{ ${command}; echo "ended with $?" >&2; } | true`).stderr, "ended with 0\n");
  const full = run(`${command} >/dev/full`);
  assert.match(full.stderr, /^Error: The output cannot be written: .*no space left.*\n$/i);
  assert.equal(full.status, 1);
});
