// `flow build`: the folder of an image. Docker itself is not run; its service is, which starts start.sh with this program
// as `flowstead`.

import assert from "node:assert/strict";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { type CommandResult, environment } from "../e2e/system.ts";
import { CLI } from "../program.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const SECRET = "a-very-secret-key";

function files(url: string): Record<string, string> {
  return {
    "flowstead.yaml": `connections:
  my ai: {type: open_ai, base_url: "${url}", api_key: ${SECRET}}
  unused: {type: open_ai, api_key: other-secret-key}
`,
    "shared/style.txt": "kindly",
    "flowstead-0.0.0.tgz": "packed",
    "flow/flow.dag.yaml": `# kept
inputs:
  question: {type: string}
outputs:
  answer: {type: string, reference: "\${ask.output}"}
additional_includes: [../shared/style.txt]
nodes:
- name: style
  type: python
  source: {type: code, path: style.py}
- name: ask
  type: llm
  use_variants: true
node_variants:
  ask:
    default_variant_id: short
    variants:
      short: {node: {type: llm, source: {type: code, path: short.jinja2}, connection: my ai, api: chat, inputs: {model: m, question: "\${inputs.question}", style: "\${style.output}"}}}
      long: {node: {type: llm, source: {type: code, path: long.jinja2}, connection: my ai, api: chat, inputs: {model: m, question: "\${inputs.question}"}}}
`,
    "flow/style.py":
      'from pathlib import Path\nfrom promptflow.core import tool\n\n@tool\ndef style() -> str:\n    return (Path(__file__).parent / "style.txt").read_text()\n',
    "flow/short.jinja2": "# user:\n{{ style }}: {{ question }}",
    "flow/long.jinja2": "# user:\nAt length: {{ question }}",
    "flow/requirements.txt": "# nothing\n",
    "flow/.env": "KEY=also-secret",
    "flow/.promptflow/flow.detail.json": "{}",
  };
}

const build = (folder: string, output: string, ...more: string[]): Promise<CommandResult> => {
  const config = ["--config", path.join(folder, "flowstead.yaml"), "--home", path.join(folder, "flow/state")];
  const packed = ["--package", path.join(folder, "flowstead-0.0.0.tgz")];
  return runHere([
    "flow",
    "build",
    "--source",
    path.join(folder, "flow"),
    "--output",
    output,
    ...config,
    ...packed,
    ...more,
  ]);
};

function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => !statSync(path.join(folder, name)).isDirectory(),
  );
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
}

test("the folder has the flow settled, connections without secrets, and all to make and start an image", async (context) => {
  const model = await fakeModel(context, { keys: [SECRET] });
  const folder = writeFolder(context, files(`${model.url}/v1`));
  const output = path.join(folder, "dist");
  const first = await build(folder, output);
  assert.equal(first.code, 0, first.stderr);
  const made = contents(output);
  assert.deepEqual(Object.keys(made), [
    ".dockerignore",
    "Dockerfile",
    "README.md",
    "connections/my_ai.yaml",
    "flow/.promptflow/flow.tools.json",
    "flow/flow.dag.yaml",
    "flow/long.jinja2",
    "flow/requirements.txt",
    "flow/short.jinja2",
    "flow/style.py",
    "flow/style.txt",
    "flowstead-0.0.0.tgz",
    "runit/promptflow-serve/finish",
    "runit/promptflow-serve/run",
    "settings.json",
    "start.sh",
  ]);
  assert.doesNotMatch(JSON.stringify(made), /secret-key|also-secret/);
  assert.match(made["connections/my_ai.yaml"] ?? "", /^type: open_ai$[^]*^api_key: \$\{env:MY_AI_API_KEY\}$/m);
  assert.deepEqual(JSON.parse(made["settings.json"] ?? ""), { MY_AI_API_KEY: "" });
  assert.match(made["flow/flow.dag.yaml"] ?? "", /^# kept\n[^]*name: ask, type: llm, source: \{[^}]*short\.jinja2/);
  assert.doesNotMatch(made["flow/flow.dag.yaml"] ?? "", /variants|additional_includes/);
  const docker = made["Dockerfile"] ?? "";
  assert.match(
    docker,
    /^COPY flowstead-0\.0\.0\.tgz (\S+)\nRUN command -v flowstead >\/dev\/null \|\| \(npm install --global --omit=dev \1 /m,
  );
  assert.match(docker, /^FROM node:20-slim$[^]*python3-venv[^]*flow\/requirements\.txt[^]*^USER node$/m);

  const again = path.join(folder, "again");
  assert.equal((await build(folder, again)).code, 0);
  assert.deepEqual(contents(again), made, "the same input gives the same bytes");
  assert.equal((await build(folder, output, "--variant", "${ask.long}")).code, 0, "an earlier build is replaced");
  assert.match(contents(output)["flow/flow.dag.yaml"] ?? "", /name: ask, type: llm, source: \{[^}]*long\.jinja2/);

  const alone = path.join(folder, "alone");
  assert.equal((await build(folder, alone, "--flow-only")).code, 0);
  const flowFiles = Object.entries(made).flatMap(([name, text]) =>
    name.startsWith("flow/") ? [[name.replace("flow/", ""), text]] : [],
  );
  assert.deepEqual(contents(alone), Object.fromEntries(flowFiles));

  // Elsewhere, as in a container: the source is not reachable, and the secret comes from the environment alone.
  const app = path.join(writeFolder(context, {}), "app");
  cpSync(again, app, { recursive: true });
  await serves(app, "runit/promptflow-serve/run", context);
});

test("without an image the folder starts by itself, with the flow's Python packages where it has Python", async (context) => {
  const model = await fakeModel(context, { keys: [SECRET] });
  const folder = writeFolder(context, files(`${model.url}/v1`));
  const app = path.join(folder, "app");
  const built = await build(folder, app, "--format", "executable");
  assert.equal(built.code, 0, built.stderr);
  assert.equal(built.stdout, `sh ${app}/start.sh\n`);
  const { "README.md": readme = "", "start.cmd": batch = "", ...made } = contents(app);
  for (const named of readme.matchAll(/^- `([^`]+)`/gm))
    assert.ok(existsSync(path.join(app, named[1] ?? "")), named[1]);
  assert.match(readme, /MY_AI_API_KEY=\.\.\. sh start\.sh[^]*`flow\/requirements\.txt` in `flow\/\.venv`/);
  assert.match(made["start.sh"] ?? "", /pip install --quiet -r 'flow\/requirements\.txt' \|\| \{ rm -rf flow\/\.venv/);
  assert.match(batch, /flow\\\.venv\\Scripts\\pip install --quiet -r "flow\\requirements\.txt"[^]*connection update/);
  assert.ok(batch.split("\n").every((line) => line === "" || line.endsWith("\r")));
  await serves(app, "start.sh", context);
  assert.ok(existsSync(path.join(app, "flow/.venv/bin/python")));

  const plain = path.join(folder, "plain");
  mkdirSync(plain);
  writeFileSync(path.join(plain, "requirements.txt"), "promptflow\n");
  writeFileSync(path.join(plain, "p.jinja2"), "{{ q }}");
  writeFileSync(
    path.join(plain, "flow.dag.yaml"),
    "inputs: {q: {type: string}}\noutputs: {}\nnodes:\n- {name: p, type: prompt, source: {type: code, path: p.jinja2}, inputs: {q: '${inputs.q}'}}\n",
  );
  const other = await runHere([
    "flow",
    "build",
    "--source",
    plain,
    "--output",
    `${plain}-out`,
    "--format",
    "executable",
  ]);
  assert.equal(other.code, 0, other.stderr);
  assert.doesNotMatch(contents(`${plain}-out`)["start.sh"] ?? "", /venv|pip/);
  // Nobody has to publish the program: it is taken along as it is here.
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const packed = `flowstead-${version}.tgz`;
  const listed = execFileSync("tar", ["-tzf", path.join(`${plain}-out`, packed)], { encoding: "utf8" });
  assert.match(listed, /^package\/dist\/cli\/main\.js$/m);
  assert.match(
    contents(`${plain}-out`)["start.sh"] ?? "",
    new RegExp(`npx --yes \\./${packed.replaceAll(".", "\\.")} `),
  );
});

test("an image has what a flow's files name: packages beside them, variables of prompties, Python for tools of packages", async (context) => {
  const folder = writeFolder(context, {
    "flow/flow.dag.yaml":
      "inputs: {}\noutputs: {}\nnodes:\n- {name: n, type: python, source: {type: package, tool: somebody.tools.act}, inputs: {}}\n",
    "flow/requirements.txt": "-r base.txt\n",
    "flow/base.txt": "# nothing\n",
    "alone/ask.prompty":
      "---\nmodel:\n  api: chat\n  configuration: {type: azure_openai, azure_endpoint: '${env:ASK_ENDPOINT}', api_key: '${env:ASK_KEY}'}\ninputs: {q: {type: string}}\n---\nuser:\n{{q}} ${env:NO_HEADER}\n",
    "p.tgz": "packed",
  });
  const made = async (source: string, output: string): Promise<Record<string, string>> => {
    const words = ["--source", path.join(folder, source), "--output", path.join(folder, output)];
    const places = ["--home", path.join(folder, "home"), "--package", path.join(folder, "p.tgz")];
    const built = await runHere(["flow", "build", ...words, ...places]);
    assert.equal(built.code, 0, built.stderr);
    return contents(path.join(folder, output));
  };
  const packaged = await made("flow", "image");
  assert.match(
    packaged["Dockerfile"] ?? "",
    /python3-venv[^]*^COPY flow \/app\/flow\nWORKDIR \/app\/flow\nRUN \["pip","install",.*"-r","requirements\.txt"\]\nWORKDIR \/app$/m,
  );
  const prompty = await made("alone/ask.prompty", "prompty");
  assert.deepEqual(JSON.parse(prompty["settings.json"] ?? ""), { ASK_ENDPOINT: "", ASK_KEY: "" });
  assert.match(prompty["README.md"] ?? "", /-e ASK_ENDPOINT=\.\.\. -e ASK_KEY=\.\.\./);
  // Whoever starts the container with another port, or as a user without a name, is served as well.
  assert.match(
    prompty["Dockerfile"] ?? "",
    /chown node:0 \/state && chmod 770 \/state$[^]*HEALTHCHECK .*\$\{PORT:-8080\}/m,
  );
});

test("what a flow says about its machine is done in the image, or said to be left out", async (context) => {
  const folder = writeFolder(context, {
    "flow/flow.flex.yaml":
      "entry: m:Flow\ninit: {kind: {type: string}}\nenvironment: {image: some/image, conda_file: conda.yaml, setup_sh: prepare.sh}\n",
    "flow/m.py":
      "class Flow:\n    def __init__(self, kind: str):\n        pass\n\n    def __call__(self, q: str) -> str:\n        return q\n",
    "flow/prepare.sh": "echo prepared\n",
  });
  const source = [
    "flow",
    "build",
    "--source",
    path.join(folder, "flow"),
    "--home",
    path.join(folder, "home"),
    "--output",
  ];
  const image = await runHere([...source, path.join(folder, "image")]);
  const made = contents(path.join(folder, "image"));
  assert.match(made["Dockerfile"] ?? "", /^COPY \. \/app\nRUN \["sh", "\/app\/flow\/prepare\.sh"\]\n[^]*^USER node$/m);
  assert.match(made["README.md"] ?? "", /-e PF_FLOW_INIT_CONFIG='\{\.\.\.\}' flow\n/);
  const warned = (text: string): string[] =>
    Array.from(text.matchAll(/^warning: environment\.(\w+)/gm), ([, key = ""]) => key);
  assert.deepEqual(warned(image.stderr), ["image", "conda_file"]);
  const bare = await runHere([...source, path.join(folder, "bare"), "--format", "executable"]);
  assert.deepEqual(warned(bare.stderr), ["image", "conda_file", "setup_sh"]);
  writeFileSync(path.join(folder, "flow/flow.flex.yaml"), "entry: m:Flow\nenvironment: {setup_sh: absent.sh}\n");
  assert.match((await runHere([...source, path.join(folder, "no")])).stderr, /environment\.setup_sh names absent\.sh/);
});

async function serves(app: string, program: string, context: { after(work: () => void): void }): Promise<void> {
  const bin = path.join(app, "..", "bin");
  mkdirSync(bin);
  const words = [process.execPath, ...CLI].map((word) => `"${word}"`).join(" ");
  writeFileSync(path.join(bin, "flowstead"), `#!/bin/sh\nexec ${words} "$@"\n`);
  chmodSync(path.join(bin, "flowstead"), 0o755);
  const { PATH = "", ...env } = environment({ MY_AI_API_KEY: SECRET, FLOWSTEAD_HOME: path.join(app, "../state") });
  const child = spawn(path.join(app, program), {
    env: { ...env, PATH: `${bin}${path.delimiter}${PATH}`, PORT: "0", FLOWSTEAD_SERVE_HOST: "127.0.0.1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /^(http:\S+\/score)$/m.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`start.sh ended with ${code}\n${output}`)));
  });
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question: "why?" }),
  });
  assert.deepEqual([response.status, await response.json()], [200, { answer: "MOCK:kindly: why?" }]);
  const page = await fetch(new URL("/", url));
  assert.deepEqual([page.status, page.headers.get("content-type")?.split(";")[0]], [200, "text/html"]);
  const stored = readFileSync(path.join(app, "../state/connections/connections.json"), "utf8");
  assert.equal(stored.includes(SECRET), false);
  child.removeAllListeners("exit");
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
}

test("a build that would lose files, or give a secret away, is refused", async (context) => {
  const folder = writeFolder(context, files("http://127.0.0.1:1/v1"));
  const [other, over, itself, noPackage] = await Promise.all([
    build(folder, path.join(folder, "shared")),
    build(folder, folder),
    build(folder, path.join(folder, "flow"), "--flow-only"),
    build(folder, path.join(folder, "dist"), "--package", "absent.tgz"),
  ]);
  for (const { code } of [other, over, itself, noPackage]) assert.equal(code, 1);
  assert.match(other.stderr, /shared is not empty and not made by `flow build`/);
  for (const { stderr } of [over, itself]) assert.match(stderr, /would overwrite the flow itself/);
  assert.match(noPackage.stderr, /no package file absent\.tgz/);
  writeFileSync(path.join(folder, "flow/notes.txt"), `key: ${SECRET}`);
  const leak = await build(folder, path.join(folder, "dist"));
  assert.match(leak.stderr, /flow\/notes\.txt holds the secret of a connection/);
  assert.equal(existsSync(path.join(folder, "dist")), false);
});
