// Every fault of a model's region, before the first text and after it, by each way in which an answer is read: taken apart
// (chat) and passed on byte by byte (relay), streamed and whole. What is asserted is the exact sequence of calls.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { SseParser } from "../../src/base/sse.ts";
import { type BalancedModel, balancedModel, type BalancedOptions } from "../../src/model/balanced.ts";
import type { ChatChunk, RelayPart } from "../../src/model/chat-model.ts";
import { partsOf } from "../../src/model/chat-model.ts";
import type { Fault } from "../../src/model/fake/script.ts";
import { startFakeModel } from "../../src/model/fake/server.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { never } from "../model-suite.ts";

const NAMES = ["east", "west"] as const;
const fakes = [await startFakeModel(), await startFakeModel()] as const;
after(() => Promise.all(fakes.map((fake) => fake.close())));

/** The order in which requests came in, over both servers. */
const calls = (): string[] =>
  fakes
    .flatMap(({ journal }, at) => journal.entries.map(({ time, method }) => ({ name: NAMES[at]!, time, method })))
    .filter(({ method }) => method === "POST")
    .sort((one, other) => one.time - other.time)
    .map(({ name }) => name);

interface Way {
  isRelay: boolean;
  stream: boolean;
}

const WAYS: Way[] = [
  { isRelay: false, stream: true },
  { isRelay: false, stream: false },
  { isRelay: true, stream: true },
  { isRelay: true, stream: false },
];
const wayName = ({ isRelay, stream }: Way): string => `${isRelay ? "relay" : "chat"} ${stream ? "streamed" : "whole"}`;

interface Heard {
  text: string;
  finish: string | undefined;
  beginnings: number;
  /** Whether it came as the server's own bytes. */
  isRaw: boolean;
  error: FlowsteadError | undefined;
}

async function hear(model: BalancedModel, { isRelay, stream }: Way): Promise<Heard> {
  const request = { messages: [{ role: "user" as const, content: "Hi" }], stream, parameters: {} };
  const heard: Heard = { text: "", finish: undefined, beginnings: 0, isRaw: false, error: undefined };
  const parts = (isRelay && model.relay?.(request, never())) || partsOf(model.chat(request, never()));
  try {
    for await (const part of parts) {
      heard.isRaw = part.bytes !== undefined;
      for (const { choices } of chunksIn(part)) {
        const [choice] = choices;
        const said = choice?.delta ?? (choice?.["message"] as ChatChunk["choices"][number]["delta"]);
        if (said?.role) heard.beginnings++;
        heard.text += said?.content ?? "";
        heard.finish = choice?.finish_reason ?? heard.finish;
      }
    }
  } catch (thrown) {
    heard.error = FlowsteadError.from(thrown);
  }
  return heard;
}

function chunksIn({ chunk, bytes }: RelayPart): ChatChunk[] {
  if (chunk) return [chunk];
  const text = bytes?.toString("utf8") ?? "";
  if (text.startsWith("{")) return [JSON.parse(text) as ChatChunk];
  return new SseParser().push(Buffer.from(text)).map(({ data }) => JSON.parse(data) as ChatChunk);
}

/** A pool of both regions that has been used once, as passing on needs it; the journals begin after that. */
async function pool(faults: readonly Fault[], options: BalancedOptions = {}, eastUrl?: string): Promise<BalancedModel> {
  const members = fakes.map(({ url }, priority) => ({
    priority,
    region: NAMES[priority],
    model: openModel({
      provider: "openai",
      baseUrl: `${(priority === 0 ? eastUrl : undefined) ?? url}/v1`,
      apiKey: "key",
      model: "m",
      region: NAMES[priority],
      ...(priority === 0 ? deadlinesFor(faults) : {}),
    }),
  }));
  fakes.forEach((fake, at) => fake.script({ reply: `from ${NAMES[at]} with love` }));
  const used = eastUrl === undefined ? members : members.slice(1);
  for (const { model } of used) {
    for (let left = 20; left > 0 && !(await isAnswering(model)); left--);
  }
  fakes[0].script({
    reply: "from east with love",
    faults: faults.map((fault) => ({ times: 1, fault })),
  });
  for (const { journal } of fakes) journal.clear();
  return balancedModel(members, options);
}

/** Short only where they are to be missed: a loaded machine misses them by itself. */
function deadlinesFor(faults: readonly Fault[]): object {
  const stall = faults.find(({ kind }) => kind === "stall");
  if (!stall) return {};
  return "at" in stall && stall.at ? { idleMs: 150 } : { firstTokenMs: 150, wholeMs: 150 };
}

async function isAnswering(model: ReturnType<typeof openModel>): Promise<boolean> {
  const request = { messages: [{ role: "user" as const, content: "Hi" }], stream: true, parameters: {} };
  try {
    for await (const _ of model.chat(request, never()));
    return true;
  } catch {
    return false;
  }
}

const status = (code: number, headers: Record<string, string> = {}): Fault => ({
  kind: "status",
  status: code,
  headers,
});
const MOVES_AT_ONCE: Fault[] = [
  status(500),
  status(503),
  status(408),
  status(429),
  status(429, { "retry-after": "20" }),
  status(429, { "retry-after-ms": "2000" }),
  { kind: "reset" },
  { kind: "stall" },
  { kind: "malformed" },
];
/** After the first bytes of a stream, which say nothing yet. */
const MOVES_BEFORE_TEXT: Fault[] = [
  { kind: "reset", at: 0 },
  { kind: "stall", at: 0 },
  { kind: "malformed", at: 0 },
  { kind: "cut", at: 0 },
  { kind: "error-chunk", at: 0 },
];
const ENDS_AFTER_TEXT: [Fault, string][] = [
  [{ kind: "reset", at: 2 }, "ModelConnectionLost"],
  [{ kind: "stall", at: 2 }, "ModelStalled"],
  [{ kind: "malformed", at: 2 }, "ModelBadAnswer"],
  [{ kind: "cut", at: 2 }, "ModelConnectionLost"],
  [{ kind: "error-chunk", at: 2 }, "ModelFailed"],
];

for (const way of WAYS) {
  describe(wayName(way), () => {
    for (const fault of [...MOVES_AT_ONCE, ...(way.stream ? MOVES_BEFORE_TEXT : [])]) {
      const title = `${JSON.stringify(fault)} before the first text: the next region answers, once, and nothing else is seen`;
      // Other deadlines than the one for the first text are longer.
      test(title, { timeout: 20_000 }, async () => {
        const model = await pool([fault]);
        const { text, beginnings, isRaw, error } = await hear(model, way);
        await model.close();
        assert.equal(error, undefined);
        assert.deepEqual([text, beginnings, isRaw], ["from west with love", 1, way.isRelay]);
        assert.deepEqual(calls(), ["east", "west"]);
      });
    }

    for (const [fault, code] of way.stream ? ENDS_AFTER_TEXT : []) {
      test(`${fault.kind} after the first text is ${code}, never a second answer`, async () => {
        const model = await pool([fault]);
        const { text, error } = await hear(model, way);
        await model.close();
        assert.deepEqual([text, error?.code], ["from east ", code]);
        assert.deepEqual(calls(), ["east"]);
      });
    }

    for (const [name, address] of [
      ["TLS", fakes[0].url.replace("http:", "https:")],
      ["DNS", "http://region.invalid"],
      ["nothing listens", "http://127.0.0.1:1"],
    ] as const) {
      test(`no connection (${name}): the next region answers`, async () => {
        const model = await pool([], {}, address);
        const { text, error } = await hear(model, way);
        await model.close();
        assert.deepEqual([text, error], ["from west with love", undefined]);
        assert.deepEqual(calls(), ["west"]);
      });
    }

    test("a server that forbids to ask again is believed", async () => {
      const model = await pool([status(500, { "x-should-retry": "false" })]);
      const { error } = await hear(model, way);
      await model.close();
      assert.equal(error?.code, "ModelFailed");
      assert.deepEqual(calls(), ["east"]);
    });

    test("what the content filter stops is tried nowhere else: a prompt is an error, an answer ends with its reason", async () => {
      const model = await pool([{ kind: "filter-prompt" }, { kind: "filter-completion", at: 2 }]);
      const [refused, cut, next] = [await hear(model, way), await hear(model, way), await hear(model, way)];
      await model.close();
      assert.equal(refused.error?.code, "ModelContentFiltered");
      assert.deepEqual([cut.text, cut.finish, cut.error], ["from east ", "content_filter", undefined]);
      assert.equal(next.text, "from east with love");
      assert.deepEqual(calls(), ["east", "east", "east"]);
    });

    for (const [code, headers, ms] of [
      [429, { "retry-after-ms": "700" }, 700],
      [429, { "retry-after": "3" }, 3000],
      [429, {}, 5000],
      [503, { "retry-after": "3" }, 3000],
    ] as const) {
      test(`${code} with ${JSON.stringify(headers)}: moves at once, and the region is asked again after ${ms} ms`, async () => {
        let now = 0;
        const model = await pool([status(code, headers)], { now: () => now });
        for (now of [0, ms - 1, ms]) await hear(model, way);
        await model.close();
        assert.deepEqual(calls(), ["east", "west", "west", "east"]);
      });
    }

    for (const [name, fault] of [
      ["a refused key", status(401)],
      [
        "an empty account",
        {
          kind: "status",
          status: 429,
          body: { error: { code: "insufficient_quota", message: "You exceeded your quota." } },
        },
      ],
    ] satisfies [string, Fault][]) {
      test(`${name} takes the region out for a minute`, async () => {
        let now = 0;
        const model = await pool([fault], { now: () => now });
        const heard = [];
        for (now of [0, 59_999, 60_000]) heard.push((await hear(model, way)).text.split(" ")[1]);
        await model.close();
        assert.deepEqual(heard, ["west", "west", "east"]);
        assert.deepEqual(calls(), ["east", "west", "west", "east"]);
      });
    }

    test("the circuit opens, lets one call through when its time is over, and closes with it", async () => {
      let now = 0;
      const breaker = { failures: 2, windowMs: 10_000, openMs: 100 };
      const model = await pool([status(500), { kind: "reset" }, status(500)], { breaker, now: () => now });
      const seen: string[] = [];
      for (now of [0, 0, 99, 100, 299, 300, 300]) {
        const before = calls().length;
        await hear(model, way);
        seen.push(`${now}: ${calls().slice(before).join(" ")}`);
      }
      await model.close();
      const failing = ["0: east west", "0: east west", "99: west", "100: east west", "299: west"];
      assert.deepEqual(seen, [...failing, "300: east", "300: east"]);
    });
  });
}
