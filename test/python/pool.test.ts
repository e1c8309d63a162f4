import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { FrameReader, encodeFrame } from "../../src/python/frame.ts";
import { type PythonPool, type PythonPoolOptions, createPythonPool } from "../../src/python/pool.ts";
import type { PythonResult } from "../../src/python/python-value.ts";
import type { PythonCall, PythonSession } from "../../src/python/session.ts";
import { isGone } from "./gone.ts";

function open(context: TestContext, source: string, options: Partial<PythonPoolOptions> = {}): PythonPool {
  const directory = mkdtempSync(path.join(tmpdir(), "pool-"));
  writeFileSync(path.join(directory, "tool.py"), `from promptflow.core import tool\n${source}`);
  const pool = createPythonPool({ directory, env: { PATH: process.env["PATH"] }, ...options });
  context.after(async () => {
    await pool.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return pool;
}

const CALL: Omit<PythonCall, "inputs"> = {
  file: "tool.py",
  init: [],
  connections: {},
  images: [],
  imageFormat: "basic",
};

function call(
  session: PythonSession,
  inputs: PythonCall["inputs"],
  signal = new AbortController().signal,
): Promise<PythonResult> {
  const listener = { onText: () => undefined, onLog: () => undefined, onMetric: () => undefined };
  return session.call({ ...CALL, inputs }, listener, signal);
}

test("messages are found in a byte stream however it is cut", () => {
  const messages = [{ a: 1 }, { text: "\u00e9\u{1f600}".repeat(50) }, [], { b: [1.5, null] }];
  const bytes = Buffer.concat(messages.map(encodeFrame));
  for (const size of [1, 3, 7, 64, bytes.length]) {
    const reader = new FrameReader();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
    assert.deepEqual(found, messages, `cut every ${size} bytes`);
  }
});

test("a signature has the original's types, from annotations or defaults", async (context) => {
  const pool = open(
    context,
    [
      "import enum",
      "from typing import Any, List, Optional, Union",
      "from promptflow.connections import AzureOpenAIConnection, CustomStrongTypeConnection, OpenAIConnection",
      "from promptflow.contracts.multimedia import Image",
      "from promptflow.contracts.types import FilePath, PromptTemplate, Secret",
      "class Color(str, enum.Enum):",
      "    RED = 'red'",
      "class Mine(CustomStrongTypeConnection):",
      "    key: Secret",
      "@tool",
      "def f(a: int, b: float, c: bool, d: str, e: list, f: dict, g: Any, h: Image, i: Secret, j: FilePath, k: PromptTemplate,",
      "      l: Union[AzureOpenAIConnection, OpenAIConnection], m: Mine, n: Color, o: List[str], p: 'int', q=2, r='x', s=None,",
      "      t: Optional[AzureOpenAIConnection] = None, u: Color = Color.RED, *args, **kwargs):",
      "    '''Says nothing.'''",
      "",
    ].join("\n"),
  );
  const signature = await pool.load("tool.py");
  assert.equal(signature.name, "f");
  assert.equal(signature.description, "Says nothing.");
  const types = Object.fromEntries(Object.entries(signature.inputs).map(([name, input]) => [name, input.type]));
  assert.deepEqual(types, {
    a: ["int"],
    b: ["double"],
    c: ["bool"],
    d: ["string"],
    e: ["list"],
    f: ["object"],
    g: ["object"],
    h: ["image"],
    i: ["secret"],
    j: ["file_path"],
    k: ["prompt_template"],
    l: ["AzureOpenAIConnection", "OpenAIConnection"],
    m: ["CustomConnection"],
    n: ["string"],
    o: ["object"],
    p: ["object"],
    q: ["int"],
    r: ["string"],
    s: ["object"],
    t: ["AzureOpenAIConnection"],
    u: ["string"],
  });
  assert.deepEqual(signature.inputs["m"]?.custom_type, ["Mine"]);
  assert.deepEqual(signature.inputs["n"]?.enum, ["red"]);
  assert.deepEqual(
    Object.entries(signature.inputs).flatMap(([name, input]) => (input.has_default ? [name] : [])),
    ["q", "r", "s", "t", "u"],
  );
  assert.equal(signature.inputs["u"]?.default, "red");
});

test("busy processes get company up to the limit, and a run stays with its process", async (context) => {
  const pool = open(context, "import os, time\n@tool\ndef f(x):\n    time.sleep(x)\n    return os.getpid()\n", {
    maxWorkers: 2,
  });
  await pool.load("tool.py");
  const seen = new Set<PythonResult>();
  const deadline = Date.now() + 20_000;
  while (seen.size < 2) {
    assert.ok(Date.now() < deadline, "no second process was started");
    const pids = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const session = pool.session(`run-${index}`);
        const first = await call(session, { x: 0.05 });
        assert.equal(await call(session, { x: 0 }), first, "a run changed its process");
        return first;
      }),
    );
    for (const pid of pids) seen.add(pid);
  }
  assert.equal(seen.size, 2);
});

test("where runs have processes of their own, one that hangs and holds the interpreter takes no other with it", async (context) => {
  const pool = open(
    context,
    "import os, re\n@tool\ndef f(hang: bool):\n    if hang:\n        re.match(r'(a+)+$', 'a' * 64 + 'b')\n    return os.getpid()\n",
    { alone: true, maxWorkers: 2, cancelGraceMs: 300 },
  );
  await pool.load("tool.py");
  const abort = new AbortController();
  const one = pool.session("hung");
  const hung = assert.rejects(call(one, { hang: true }, abort.signal), { code: "Canceled" });
  const quick = async (run: string): Promise<unknown> => {
    const session = pool.session(run);
    try {
      return await call(session, { hang: false }, AbortSignal.timeout(30_000));
    } finally {
      session.end();
    }
  };
  const beside = [await quick("a"), await quick("b"), await quick("c")];
  assert.equal(new Set(beside).size, 1, "they have what is left, one after the other");
  abort.abort();
  await hung;
  one.end();
  // Its process is not known to hang yet.
  const after = await Promise.all(["d", "e"].map(quick));
  assert.deepEqual(
    after.map((pid) => typeof pid),
    ["number", "number"],
  );
});

test("a run is not given to a process in which a canceled call goes on, that may have to be killed", async (context) => {
  const source = "import os, time\n@tool\ndef f(seconds):\n    time.sleep(seconds)\n    return os.getpid()\n";
  const pool = open(context, source, { maxWorkers: 1, cancelGraceMs: 60_000 });
  await pool.load("tool.py");
  const first = await call(pool.session("before"), { seconds: 0 });
  const abort = new AbortController();
  const hung = pool.session("hung");
  setTimeout(() => abort.abort(), 200);
  await assert.rejects(call(hung, { seconds: 600 }, abort.signal), { code: "Canceled" });
  hung.end();
  assert.notEqual(await call(pool.session("after"), { seconds: 0 }), first);
});

const STARTS = `import os, subprocess
@tool
def f(how: str, notes: str):
    child = subprocess.Popen(["sleep", "600"], start_new_session=how == "away")
    with open(notes, "w") as file:
        file.write(str(child.pid))
    if how == "crash":
        os._exit(7)
    child.wait()
`;

test("what a node's code has started ends with its process, and what it has sent away holds up nobody", async (context) => {
  const notes = mkdtempSync(path.join(tmpdir(), "notes-"));
  context.after(() => rmSync(notes, { recursive: true, force: true }));
  const started = async (how: string): Promise<number> => {
    const file = path.join(notes, how);
    while (!existsSync(file) || readFileSync(file, "utf8") === "") await delay(10);
    return Number(readFileSync(file, "utf8"));
  };
  for (const how of ["hang", "crash", "away"]) {
    const pool = open(context, STARTS, { cancelGraceMs: 200 });
    await pool.load("tool.py");
    const abort = new AbortController();
    const lost = assert.rejects(
      call(pool.session(how), { how, notes: path.join(notes, how) }, abort.signal),
      { code: how === "crash" ? "PythonWorkerCrashed" : "Canceled" },
      how,
    );
    const pid = await started(how);
    if (how !== "crash") abort.abort();
    await lost;
    const began = performance.now();
    await pool.close();
    assert.ok(performance.now() - began < 20_000, `${how}: closing took ${performance.now() - began} ms`);
    if (how === "away") process.kill(pid);
    else assert.ok(await isGone(pid), `${how}: process ${pid} was left behind`);
  }
});

test("as many calls run in one process at a time as people wait for a service", async (context) => {
  const pool = open(
    context,
    "import threading\nmeet = threading.Barrier(200)\n@tool\ndef f(x):\n    meet.wait(60)\n    return x\n",
    { maxWorkers: 1 },
  );
  await pool.load("tool.py");
  const session = pool.session("run");
  const numbers = Array.from({ length: 200 }, (_, x) => x);
  assert.deepEqual(await Promise.all(numbers.map((x) => call(session, { x }))), numbers);
});

test("with all threads in work the process still loads files and hears of aborts, and the calls that wait get their turn", async (context) => {
  const source =
    "import threading, time\ndoor = threading.Event()\n@tool\ndef f(x):\n    if x == 'open':\n        door.set()\n" +
    "    while x == 'stop':\n        time.sleep(0.01)\n    door.wait()\n    return x\n";
  const pool = open(context, source, { maxWorkers: 1, cancelGraceMs: 60_000 });
  await pool.load("tool.py");
  const session = pool.session("run");
  const stop = new AbortController();
  const stopped = Promise.all(Array.from({ length: 8 }, () => call(session, { x: "stop" }, stop.signal)));
  // 8 and 248 are as many as there are threads; the rest, of which one opens the door, waits for those that are stopped.
  const numbers = Array.from({ length: 254 }, (_, x) => x);
  const held = numbers.map((x) => call(session, { x }));
  const opens = call(session, { x: "open" });
  assert.equal((await pool.load("tool.py")).name, "f");
  stop.abort();
  await assert.rejects(stopped, { code: "Canceled" });
  assert.equal(await opens, "open");
  assert.deepEqual(await Promise.all(held), numbers);
});

test("an aborted call rejects at once, and one that was aborted before is not made", async (context) => {
  const pool = open(context, "import time\n@tool\ndef f(x):\n    time.sleep(x)\n    return 'done'\n", {
    cancelGraceMs: 50,
  });
  await pool.load("tool.py");
  const session = pool.session("run");
  const stop = new AbortController();
  const began = performance.now();
  const waiting = call(session, { x: 60 }, stop.signal);
  setTimeout(() => stop.abort(), 20);
  await assert.rejects(waiting, { code: "Canceled" });
  assert.ok(performance.now() - began < 5000);
  await assert.rejects(call(session, { x: 0 }, stop.signal), { code: "Canceled" });
});

test("objects are freed when their run ends", async (context) => {
  const pool = open(
    context,
    "import gc\nclass Thing: pass\n@tool\ndef f(x):\n    gc.collect()\n    return Thing() if x else sum(isinstance(o, Thing) for o in gc.get_objects())\n",
    { maxWorkers: 1 },
  );
  await pool.load("tool.py");
  const first = pool.session("first");
  await call(first, { x: 1 });
  const second = pool.session("second");
  assert.equal(await call(second, { x: 0 }), 1);
  first.end();
  assert.equal(await call(second, { x: 0 }), 0);
});

test("nothing of this process's environment reaches Python but what is given", async (context) => {
  process.env["FLOWSTEAD_TEST_SECRET"] = "secret";
  const pool = open(
    context,
    "import os\n@tool\ndef f(x):\n    return [os.environ.get('FLOWSTEAD_TEST_SECRET'), os.environ.get('GIVEN')]\n",
    {
      env: { PATH: process.env["PATH"], GIVEN: "yes" },
    },
  );
  await pool.load("tool.py");
  assert.deepEqual(await call(pool.session("run"), { x: 0 }), [null, "yes"]);
});

test("a value that is too large for a message is an error that says so, and the process goes on", async (context) => {
  const pool = open(context, "@tool\ndef node(size: int):\n    return 'x' * size\n");
  await pool.load("tool.py");
  const session = pool.session("run");
  await assert.rejects(call(session, { size: 300_000_000 }), /The value is 300 MB as JSON, and 268 MB is the limit/);
  assert.equal(await call(session, { size: 2 }), "xx");
});
