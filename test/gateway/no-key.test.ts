// No provider key reaches a flow: not its environment, its processes' arguments, its connections, its traces or the logs.

import assert from "node:assert/strict";
import { open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { runCommand, startSystem, temporaryHome } from "../e2e/system.ts";
import { startFakeModel } from "../../src/model/fake/server.ts";

const KEY = "sk-secret-provider-key-4711";
const AZURE_KEY = "azure-secret-provider-key-4712";
const UNUSED = "unused-secret-4713";

const fake = await startFakeModel({ script: { keys: [KEY, AZURE_KEY], reply: "served" } });
const { home, remove } = await temporaryHome();
after(async () => {
  await fake.close();
  await remove();
});

test("a flow's Python client reaches models through the gateway, and no process of the flow holds a key", async () => {
  const config = path.join(path.dirname(home), "flowstead.yaml");
  await writeFile(
    config,
    [
      "models:",
      "  - { provider: openai, base_url: " + fake.url + "/v1, api_key: '${env:OPENAI_API_KEY}', model: m }",
      "connections:",
      `  my_azure: { type: azure_open_ai, api_base: ${fake.url}, api_key: "\${env:MY_AZURE_KEY}" }`,
      `  my_openai: { type: open_ai, base_url: ${fake.url}/v1, api_key: "\${env:OPENAI_API_KEY}" }`,
      `  other: { type: custom, secrets: { token: "\${env:UNUSED_SECRET}" } }`,
      "gateway:",
      "  prices: { my_azure: { input: 1, output: 2 } }",
      "endpoint:",
      `  flow: ${path.resolve("test/fixture/flow/python-client")}`,
      "  instances: 1",
      "",
    ].join("\n"),
  );
  const env = { OPENAI_API_KEY: KEY, MY_AZURE_KEY: AZURE_KEY, UNUSED_SECRET: UNUSED };
  const system = await startSystem({ home, env, args: ["--config", config] });
  try {
    const keys = await runCommand(["online-endpoint", "get-credentials", "-n", "chat", "-o", "tsv", "--home", home]);
    const response = await fetch(`${system.url}/endpoints/chat/score`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.stdout.split("\t")[0]}`, "content-type": "application/json" },
      body: JSON.stringify({ question: "Hi" }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const { answer, seen, spied } = JSON.parse(text) as {
      answer: string;
      seen: { connections: object[] };
      spied: string[];
    };
    assert.deepEqual(spied, [], "a script finds a key");
    assert.equal(answer, "served | served");
    assert.match(JSON.stringify(seen.connections), /http:\/\/127\.0\.0\.1:\d+\/connections\/my_azure/);
    const [first, second] = fake.journal.entries.filter(({ method }) => method === "POST");
    assert.deepEqual([first?.auth, second?.auth], ["api-key", "bearer"]);
    for (const secret of [KEY, AZURE_KEY, UNUSED]) assert.ok(!text.includes(secret), "a key is in what the flow saw");
    await searchProcesses(system.process.pid ?? 0);
    for (const secret of [KEY, AZURE_KEY, UNUSED]) assert.ok(!system.output().includes(secret), "a key is in the log");
    for (const name of await readdir(home, { recursive: true })) {
      const content = await readFile(path.join(home, name), "latin1").catch(() => "");
      for (const secret of [KEY, AZURE_KEY, UNUSED]) assert.ok(!content.includes(secret), `a key is in ${name}`);
    }
  } finally {
    await system.stop();
  }
  const usage = await runCommand(["usage", "--json", "--by", "flow,model", "--home", home]);
  assert.equal(usage.code, 0, usage.stderr);
  assert.deepEqual(
    (JSON.parse(usage.stdout) as Record<string, unknown>[]).map(({ flow, model, requests }) => [flow, model, requests]),
    [
      ["chat", "my_azure", 1],
      ["chat", "my_openai", 1],
    ],
  );
});

test("a flow that a command runs gets its models the same way: metered, and with no key in its own process", async () => {
  const config = path.join(path.dirname(home), "commands.yaml");
  await writeFile(
    config,
    [
      "connections:",
      `  my_azure: { type: azure_open_ai, api_base: ${fake.url}, api_key: "\${env:MY_AZURE_KEY}" }`,
      `  my_openai: { type: open_ai, base_url: ${fake.url}/v1, api_key: "\${env:OPENAI_API_KEY}" }`,
      `  other: { type: custom, secrets: { token: "\${env:UNUSED_SECRET}" } }`,
      "",
    ].join("\n"),
  );
  const commandHome = path.join(path.dirname(home), "commands");
  const place = ["--config", config, "--home", commandHome];
  const env = {
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: `${fake.url}/v1`,
    MY_AZURE_KEY: AZURE_KEY,
    UNUSED_SECRET: UNUSED,
  };
  const own = { MINE: "not-a-secret-of-the-system", HEADER_OF_MINE: `Bearer ${KEY}` };
  const flow = path.resolve("test/fixture/flow/python-client");
  const tested = await runCommand(["flow", "test", "--flow", flow, "--inputs", "question=Hi", ...place], {
    ...env,
    ...own,
  });
  assert.equal(tested.code, 0, tested.stderr);
  const { answer, seen, spied } = JSON.parse(tested.stdout) as {
    answer: string;
    seen: { env: Record<string, string>; connections: object[] };
    spied: string[];
  };
  assert.deepEqual(spied, [], "a script finds a key, though it runs apart from the command");
  assert.equal(answer, "served | served");
  for (const secret of [KEY, AZURE_KEY, UNUSED]) {
    assert.ok(!JSON.stringify([seen.env, seen.connections]).includes(secret), "a key is in what the flow's code sees");
  }
  // Clients that look for a key by themselves find the gateway; what is not the system's stays.
  assert.match(seen.env["OPENAI_API_KEY"] ?? "", /^fst-/);
  assert.match(seen.env["OPENAI_BASE_URL"] ?? "", /^http:\/\/127\.0\.0\.1:\d+\/connections\/default\/v1$/);
  assert.equal(seen.env["MINE"], own.MINE);
  assert.equal(seen.env["MY_AZURE_KEY"], undefined);
  assert.equal(seen.env["HEADER_OF_MINE"], undefined, "a key stands in it");

  const data = path.join(path.dirname(home), "lines.jsonl");
  await writeFile(data, '{"question":"one"}\n{"question":"two"}\n');
  const run = ["run", "create", "--flow", flow, "--data", data, "--column-mapping", "question=${data.question}"];
  const batch = await runCommand([...run, ...place], env);
  assert.equal(batch.code, 0, batch.stderr);
  const usage = await runCommand(["usage", "--json", "--by", "flow,model", ...place], env);
  assert.deepEqual(
    (JSON.parse(usage.stdout) as Record<string, unknown>[]).map(({ flow: of, model, requests }) => [
      of,
      model,
      requests,
    ]),
    [
      ["python-client", "my_azure", 3],
      ["python-client", "my_openai", 3],
    ],
  );
});

const SECRETS = [KEY, AZURE_KEY, UNUSED];

/** The environment, arguments, memory and open files of every process below the system's own, which alone may hold keys. */
async function searchProcesses(root: number): Promise<void> {
  let found = 0;
  const visit = async (pid: number): Promise<void> => {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    for (const child of children.split(" ").filter(Boolean).map(Number)) {
      found++;
      for (const what of ["environ", "cmdline"]) {
        const content = await readFile(`/proc/${child}/${what}`, "utf8").catch(() => "");
        for (const secret of SECRETS) assert.ok(!content.includes(secret), `a key is in ${what}`);
      }
      await searchMemory(child);
      await searchOpenFiles(child);
      await visit(child);
    }
  };
  await visit(root);
  assert.ok(found >= 2, `${found} processes: an instance and its Python worker were expected`);
}

/** Nothing where this user may not look, as for processes that are no children of the reader on some machines. */
async function searchMemory(pid: number): Promise<void> {
  const maps = await readFile(`/proc/${pid}/maps`, "utf8").catch(() => "");
  const memory = await open(`/proc/${pid}/mem`, "r").catch(() => undefined);
  if (!memory) return;
  try {
    for (const line of maps.split("\n")) {
      const [, from = "0", to = "0"] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      const size = Number.parseInt(to, 16) - Number.parseInt(from, 16);
      if (size === 0 || size > MOST_MEMORY) continue;
      const content = Buffer.alloc(size);
      const position = BigInt(`0x${from}`) as unknown as number;
      const { bytesRead } = await memory.read(content, 0, size, position).catch(() => ({ bytesRead: 0 }));
      for (const secret of SECRETS) {
        const bytes = content.subarray(0, bytesRead);
        assert.ok(!bytes.includes(secret), `a key is in the memory of ${pid}`);
        assert.ok(!bytes.includes(secret, 0, "utf16le"), `a key is in the memory of ${pid}`);
      }
    }
  } finally {
    await memory.close();
  }
}

const MOST_MEMORY = 2 ** 28;

async function searchOpenFiles(pid: number): Promise<void> {
  for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const place = `/proc/${pid}/fd/${descriptor}`;
    if (!(await stat(place).catch(() => undefined))?.isFile()) continue;
    const content = await readFile(place, "latin1").catch(() => "");
    for (const secret of SECRETS) assert.ok(!content.includes(secret), `a key is in an open file of ${pid}`);
  }
}
