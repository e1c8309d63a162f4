// `flow venv`: a flow's own Python from its requirements, which commands then run it with.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const FLOW = {
  "flow.dag.yaml": [
    "outputs: {o: {type: string, reference: '${n.output}'}}",
    "nodes:",
    "- {name: n, type: python, source: {type: code, path: n.py}, inputs: {}}",
    "",
  ].join("\n"),
  "n.py": "import tinypackage\nfrom promptflow.core import tool\n\n\n@tool\ndef n():\n    return tinypackage.WORD\n",
  "requirements.txt": "tinypackage==1.0\n",
};

/** A package file as pip takes it, made with nothing but Python. */
const WHEEL = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as file:
    file.writestr("tinypackage.py", "WORD = 'from the wheel'\\n")
    file.writestr("tinypackage-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tinypackage\\nVersion: 1.0\\n")
    file.writestr("tinypackage-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    file.writestr("tinypackage-1.0.dist-info/RECORD", "")
`;

function noVenv(): string | undefined {
  if (spawnSync("python3", ["-c", "import ensurepip, venv"]).status === 0) return undefined;
  if (process.env["CI"] === "true") throw new Error("CI must have venv: install the Debian package `python3-venv`.");
  return "Python's venv is not installed (Debian package `python3-venv`)";
}

const skip = noVenv() ?? false;

test(
  "a flow gets its own Python with its packages, and runs with it; what fails is named",
  { skip },
  async (context) => {
    const folder = writeFolder(
      context,
      Object.fromEntries(Object.entries(FLOW).map(([name, text]) => [`flow/${name}`, text])),
    );
    const [flow, wheels] = [path.join(folder, "flow"), path.join(folder, "wheels")];
    mkdirSync(wheels);
    const wheel = path.join(wheels, "tinypackage-1.0-py3-none-any.whl");
    assert.equal(spawnSync("python3", ["-c", WHEEL, wheel]).status, 0);
    const home = ["--home", path.join(folder, "home")];

    const missing = await runHere(["flow", "test", "--flow", flow, ...home]);
    assert.match(missing.stderr, /'tinypackage' is not installed.*flowstead flow venv --flow /s);
    const data = path.join(folder, "data.jsonl");
    writeFileSync(data, "{}\n");
    const inRun = await runHere(["run", "create", "--flow", flow, "--data", data, ...home]);
    assert.match(inRun.stderr, /\n {2}at .*\.py:\d+\n.*'tinypackage' is not installed/s);
    assert.ok(!existsSync(path.join(flow, ".venv")), "nothing is made unasked");
    const noPython = await runHere(["flow", "venv", "--flow", flow, "--python", path.join(folder, "no-python")]);
    assert.deepEqual([noPython.code, /There is no Python .*no-python.*--python/.test(noPython.stderr)], [1, true]);

    const made = await runHere(["flow", "venv", "--flow", flow, "--find-links", wheels]);
    assert.deepEqual([made.code, made.stdout], [0, `${path.join(flow, ".venv/bin/python")}\n`], made.stderr);
    assert.match(made.stderr, /Made .*\.venv\. 1 package\(s\) installed\./);
    const ran = await runHere(["flow", "test", "--flow", flow, ...home, "--json"]);
    assert.deepEqual(JSON.parse(ran.stdout), { o: "from the wheel" }, ran.stderr);

    writeFileSync(path.join(flow, "requirements.txt"), "tinypackage==2.0\n");
    const unknown = await runHere(["flow", "venv", "--flow", flow, "--find-links", wheels]);
    assert.match(unknown.stderr, /pip cannot install .*requirements\.txt: .*tinypackage==2\.0/);
    process.env["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple";
    process.env["PIP_RETRIES"] = "0";
    const offline = await runHere(["flow", "venv", "--flow", flow]);
    delete process.env["PIP_INDEX_URL"];
    delete process.env["PIP_RETRIES"];
    assert.match(offline.stderr, /pip cannot reach its package index.*PIP_INDEX_URL.*--find-links/s);
    assert.ok(existsSync(path.join(flow, ".venv/bin/python")), "what was there is kept");
  },
);
