// A full disk, a real one: calls go on, the log says so once, whole lines are written again when there is room.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { pino } from "pino";
import type { Logger } from "../../../src/base/log.ts";
import { openCollector } from "../../../src/endpoint/log/data-collector.ts";
import { openJournal } from "../../../src/endpoint/log/journal.ts";
import { readSpecification } from "../../../src/endpoint/specification/read-specification.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { FlowEvent } from "../../../src/flow/event.ts";
import { smallDisk } from "../../fake/small-disk.ts";
import { writeFolder } from "../../flow/flow-folder.ts";

const redact = (text: string): string => text;

interface Told {
  level: number;
  msg: string;
  code?: string;
  lines?: number;
}

function telling(): { log: Logger; told: Told[] } {
  const told: Told[] = [];
  return { log: pino({ base: null }, { write: (line: string) => void told.push(JSON.parse(line) as Told) }), told };
}

const SPEC = readSpecification(
  {
    name: "blue",
    endpoint_name: "chat",
    model: { path: "flow" },
    data_collector: { rolling_rate: "year", collections: { model_inputs: { enabled: true } } },
  },
  "blue",
  { accepted: true },
).spec as DeploymentSpec;

interface Watched {
  watch: (number: number) => Promise<void>;
  told: Told[];
  /** Moves the clock on. */
  pass: (ms: number) => void;
}

function watched(folder: string): Watched {
  const { log, told } = telling();
  let now = Date.parse("2026-05-17T10:20:30Z");
  const collector = openCollector({ folder, redact, log, clock: () => new Date(now) });
  async function* events(number: number): AsyncGenerator<FlowEvent> {
    const inputs = { question: `${number} `.padEnd(1000, "x") };
    yield { type: "flow-start", runId: "r", flow: "f", time: 0, inputs, outputs: { plain: [], streamed: [] } };
  }
  return {
    told,
    pass: (ms) => void (now += ms),
    async watch(number) {
      const seen = [];
      for await (const event of collector.watch(SPEC, `request-${number}`, events(number))) seen.push(event.type);
      assert.deepEqual(seen, ["flow-start"], "the call goes on");
      await collector.flush();
    },
  };
}

const FULL = { level: 50, code: "ENOSPC", msg: /^Collected data cannot be written.*the disk is full\. Calls go on\.$/ };

test("collected data: nothing stops, one line tells of the loss and one of its end", async (context) => {
  if (!existsSync("/dev/full")) return context.skip("there is no /dev/full");
  const folder = writeFolder(context, {});
  const place = path.join(folder, "chat/blue/model_inputs/2026/01/01/00");
  const file = path.join(place, "202601010000.jsonl");
  mkdirSync(place, { recursive: true });
  symlinkSync("/dev/full", file);
  const { watch, told, pass } = watched(folder);
  for (let call = 0; call < 5; call++) await watch(call);
  assert.equal(told.length, 1);
  assert.deepEqual([told[0]?.level, told[0]?.code], [FULL.level, FULL.code]);
  assert.match(String(told[0]?.msg), FULL.msg);
  rmSync(file);
  await watch(5);
  assert.equal(told.length, 1, "room that may end at once is not told");
  pass(6_000);
  await watch(6);
  assert.deepEqual(
    told.slice(1).map(({ level, msg, lines }) => [level, msg, lines]),
    [[40, "Collected data is written again; 5 lines were lost.", 5]],
  );
  const kept = readFileSync(file, "utf8").trim().split("\n");
  assert.deepEqual(
    kept.map((line) => (JSON.parse(line) as { xrequestid: string }).xrequestid),
    ["request-5", "request-6"],
  );
});

test("a disk that fills up within a line leaves no half of one", async (context) => {
  const disk = smallDisk(context, 64);
  if (disk === undefined) return context.skip("no disk can be mounted here");
  writeFileSync(path.join(disk, "ballast"), Buffer.alloc(32 * 1024));
  const { watch, told } = watched(disk);
  for (let call = 0; call < 40; call++) await watch(call);
  assert.equal(told.length, 1);
  assert.match(String(told[0]?.msg), FULL.msg);
  rmSync(path.join(disk, "ballast"));
  for (let call = 40; call < 45; call++) await watch(call);
  const [name = ""] = readdirSync(disk, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".jsonl"));
  const rows = readFileSync(path.join(disk, name), "utf8").trim().split("\n");
  const ids = rows.map((row) => (JSON.parse(row) as { xrequestid: string }).xrequestid);
  assert.ok(ids.length > 10 && ids.length < 45, `${ids.length} lines`);
  assert.deepEqual(
    ids.slice(-5),
    [40, 41, 42, 43, 44].map((call) => `request-${call}`),
  );
});

test("the logs of an endpoint: the same, however many files", async (context) => {
  if (!existsSync("/dev/full")) return context.skip("there is no /dev/full");
  const folder = writeFolder(context, {});
  mkdirSync(path.join(folder, "chat/blue"), { recursive: true });
  for (const name of ["console", "event"]) symlinkSync("/dev/full", path.join(folder, "chat/blue", `${name}.jsonl`));
  const { log, told } = telling();
  const journal = openJournal({ folder, redact, log });
  const place = { endpoint: "chat", deployment: "blue" };
  for (let round = 0; round < 3; round++) {
    journal.console(place, "blue-1", "hello");
    journal.event(place, "blue-1", { name: "Started", message: "" });
    await journal.flush();
  }
  assert.equal(told.length, 1);
  assert.match(String(told[0]?.msg), /^The log of endpoints cannot be written.*the disk is full/);
});
