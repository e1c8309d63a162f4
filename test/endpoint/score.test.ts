import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, FlowsteadError } from "../../src/base/error/error.ts";
import { Float, type ValueMap } from "../../src/base/value.ts";
import { scoreFormat } from "../../src/endpoint/accept.ts";
import { parseScoreRequest } from "../../src/endpoint/score-request.ts";
import { type ScoreOptions, writeScore } from "../../src/endpoint/score.ts";
import { swagger } from "../../src/flow/swagger.ts";
import type { FlowEvent } from "../../src/flow/event.ts";
import type { FlowSignature } from "../../src/flow/target.ts";
import { CHAT_SIGNATURE, end, start, text } from "../fake/target.ts";

async function write(
  events: FlowEvent[],
  options: Partial<ScoreOptions> = {},
): Promise<{ status: number; headers: Record<string, string>; body: string }> {
  const answer = { status: 0, headers: {} as Record<string, string>, body: "", ended: 0 };
  async function* play(): AsyncGenerator<FlowEvent> {
    yield* events;
  }
  const sink = {
    send: (status: number, headers: Record<string, string>, body: string) =>
      Object.assign(answer, { status, headers, body, ended: answer.ended + 1 }),
    head: (status: number, headers: Record<string, string>) => Object.assign(answer, { status, headers }),
    write: (more: string) => {
      assert.notEqual(answer.status, 0, "the head goes first");
      answer.body += more;
    },
    end: () => {
      answer.ended++;
    },
  };
  await writeScore(play(), sink, { format: "json", signature: CHAT_SIGNATURE, ...options });
  assert.equal(answer.ended, 1);
  return answer;
}

const failure = (error: FlowsteadError): FlowEvent => ({ type: "error", time: 0, error: error.toBody() });

test("JSON: the outputs as one object, floats kept, evaluation-only outputs left out", async () => {
  const signature: FlowSignature = {
    ...CHAT_SIGNATURE,
    outputs: [
      ...CHAT_SIGNATURE.outputs,
      { name: "secret", type: "string", isChatOutput: false, evaluationOnly: true, streamed: false },
    ],
  };
  const outputs = { answer: "hi", documents: ["d"], secret: "x" };
  const { status, body } = await write([start(), text("hi"), end(outputs)], { signature });
  assert.deepEqual([status, JSON.parse(body)], [200, { answer: "hi", documents: ["d"] }]);
  const event = { ...end({}), outputs: { answer: new Float(1) } } as FlowEvent;
  assert.equal((await write([start(), event])).body, '{"answer":1.0}');
  const asked = (fields: string[]): Promise<{ body: string }> =>
    write([start(), end(outputs)], { signature, includedFields: fields });
  assert.equal((await asked(["answer"])).body, '{"answer":"hi"}');
  assert.equal((await asked(["answer", "secret"])).body, '{"answer":"hi","secret":"x"}', "asked for by name");
  const more = { ...outputs, undeclared: "y" };
  assert.match(
    (await write([start(), end(more)], { signature })).body,
    /"undeclared":"y"/,
    "as a function returned it",
  );
});

test("a stream sends the plain fields first, then each piece of text", async () => {
  const events = [
    start(),
    text("Hel"),
    { type: "output", name: "documents", value: ["d"] } as FlowEvent,
    text("lo"),
    end({ answer: "Hello", documents: ["d"] }),
  ];
  const { headers, body } = await write(events, { format: "event-stream" });
  assert.equal(headers["content-type"], "text/event-stream; charset=utf-8");
  assert.equal(body, 'data: {"documents":["d"]}\n\ndata: {"answer":"Hel"}\n\ndata: {"answer":"lo"}\n\n');
});

test("a replaced attempt leaves no trace in the stream", async () => {
  const old: FlowEvent = { type: "output", name: "documents", value: ["old"] };
  const fresh: FlowEvent = { type: "output", name: "documents", value: ["new"] };
  const events = [
    start(),
    old,
    { type: "restart", reason: "lost" } as FlowEvent,
    start(),
    fresh,
    text("x"),
    end({ answer: "x", documents: ["new"] }),
  ];
  assert.equal(
    (await write(events, { format: "event-stream" })).body,
    'data: {"documents":["new"]}\n\ndata: {"answer":"x"}\n\n',
  );
});

test("a failure before the first text has a status, later it is the last event", async () => {
  const invalid = new FlowsteadError("MissingRequiredFlowInput", "no question");
  const early = await write([start(), failure(invalid)], { format: "event-stream" });
  assert.deepEqual(
    [early.status, JSON.parse(early.body)],
    [400, { error: { code: "UserError", message: "no question" } }],
  );
  const withDocuments = [
    start(),
    { type: "output", name: "documents", value: [] } as FlowEvent,
    text("x"),
    failure(invalid),
  ];
  const late = await write(withDocuments, { format: "event-stream" });
  assert.equal(late.status, 200);
  assert.match(late.body, /data: \{"error":\{"code":"UserError","message":"no question"\}\}\n\n$/);
});

test("a managed endpoint answers 424 for the flow's failures and its own status for its own", async () => {
  const inFlow = await write([failure(new FlowsteadError("Unexpected", "boom\nbang"))], { managed: true });
  assert.equal(inFlow.status, 424);
  assert.equal(inFlow.headers["ms-azureml-model-error-statuscode"], "500");
  assert.equal(inFlow.headers["ms-azureml-model-error-reason"], "boom bang");
  const dead = await write([failure(new FlowsteadError("InstanceLost", "it ended"))], { managed: true });
  assert.deepEqual([dead.status, dead.headers["ms-azureml-model-error-statuscode"]], [424, "502"]);
  const busy = await write([failure(new FlowsteadError("TooManyRequests", "busy", { retryAfterMs: 1500 }))], {
    managed: true,
  });
  assert.deepEqual([busy.status, busy.headers["retry-after"], busy.headers["retry-after-ms"]], [429, "2", "1500"]);
  assert.equal((await write([failure(new FlowsteadError("RequestTimeout", "slow"))], { managed: true })).status, 408);
});

test("a model's failure is the flow's, 400 as in the original; a limit stays one that is waited for", async () => {
  const statusOf = async (code: ErrorCode): Promise<number> =>
    (await write([failure(new FlowsteadError(code, "the model"))])).status;
  for (const code of [
    "ModelUnauthorized",
    "ModelNotFound",
    "ModelTimeout",
    "ModelUnavailable",
    "ModelBadAnswer",
  ] as const)
    assert.equal(await statusOf(code), 400, code);
  assert.equal(await statusOf("ModelRateLimited"), 429);
  assert.equal(await statusOf("Unexpected"), 500);
  const managed = await write([failure(new FlowsteadError("ModelNotFound", "no such model"))], { managed: true });
  assert.deepEqual([managed.status, managed.headers["ms-azureml-model-error-statuscode"]], [424, "400"]);
});

test("what code raises as a failure of the system is answered with 500", async () => {
  const raised = (chain: string): FlowEvent =>
    failure(new FlowsteadError("ToolExecutionError", "no", { details: { chain } }));
  const system = await write([raised("SystemError/MyError")]);
  assert.deepEqual([system.status, system.body], [500, '{"error":{"code":"SystemError","message":"no"}}']);
  assert.equal((await write([raised("UserError/MyError")])).status, 400);
});

test("a stream that only the run could tell to be none is refused with all that the caller takes", async () => {
  const accept = "text/event-stream, Text/HTML;q=0.5";
  const none = await write([start(), end({ answer: "whole" })], { format: "found-stream", accept });
  assert.equal(none.status, 406);
  assert.match(none.body, /Media type text\/event-stream,text\/html in Accept header/);
});

test("the one value of a function streams as it comes; fields that nobody announced come after it", async () => {
  const signature: FlowSignature = { ...CHAT_SIGNATURE, outputs: [] };
  const options = { format: "found-stream", signature } as const;
  const piece = (output: string, said: string): FlowEvent => ({ type: "text-delta", output, text: said });
  const broken = await write(
    [start(), piece("output", "a"), failure(new FlowsteadError("Unexpected", "mid"))],
    options,
  );
  assert.equal(broken.status, 200, "the first piece has left before the end is known");
  assert.equal(broken.body, 'data: {"output":"a"}\n\ndata: {"error":{"code":"SystemError","message":"mid"}}\n\n');
  const more = await write([start(), piece("output", "a"), end({ output: "a", length: "1" })], options);
  assert.equal(more.body, 'data: {"output":"a"}\n\ndata: {"length":"1"}\n\n');
  const named = await write([start(), piece("answer", "a"), end({ answer: "a", length: "1" })], options);
  assert.equal(named.body, 'data: {"length":"1"}\n\ndata: {"answer":"a"}\n\n', "a field waits for the others");
  const twice = [start(), piece("output", "a"), piece("other", "b"), end({ output: "a", other: "b" })];
  assert.match((await write(twice, options)).body, /Multiple stream output fields not supported/);
});

test("Accept decides the format as the original does", () => {
  const format = (accept: string | undefined, signature: FlowSignature, hidden: string[] = []): string =>
    scoreFormat(accept, signature, new Set(hidden));
  const plain: FlowSignature = {
    ...CHAT_SIGNATURE,
    outputs: CHAT_SIGNATURE.outputs.map((output) => ({ ...output, streamed: false })),
  };
  const twice: FlowSignature = {
    ...CHAT_SIGNATURE,
    outputs: CHAT_SIGNATURE.outputs.map((output) => ({ ...output, streamed: true })),
  };
  assert.equal(format(undefined, CHAT_SIGNATURE), "json");
  assert.equal(format("*/*", CHAT_SIGNATURE), "json");
  assert.equal(format("text/event-stream", CHAT_SIGNATURE), "event-stream");
  assert.equal(format("application/json, text/event-stream;q=0.5", CHAT_SIGNATURE), "event-stream");
  assert.equal(format("text/event-stream, application/*", plain), "json");
  assert.throws(() => format("text/event-stream", plain), {
    code: "NotAcceptable",
    message:
      "Media type text/event-stream in Accept header is not acceptable. Supported media type(s) - application/json",
  });
  assert.throws(() => format("text/html", CHAT_SIGNATURE), { code: "NotAcceptable" });
  assert.throws(() => format("text/event-stream", twice), {
    message: "Multiple stream output fields not supported.",
  });
  assert.equal(format(undefined, twice), "json", "only a stream cannot have two");
  assert.equal(format("", CHAT_SIGNATURE), "json", "an empty header is no header");
  assert.throws(() => format("text/event-stream", CHAT_SIGNATURE, ["answer"]), { code: "NotAcceptable" });
  assert.equal(format("text/event-stream", twice, ["answer"]), "event-stream", "what is not answered does not count");
});

function parse(signature: FlowSignature, body: string): ValueMap {
  return parseScoreRequest(signature, Buffer.from(body));
}

test("request bodies: objects, plain text for a single input, and clear refusals", () => {
  const one: FlowSignature = { ...CHAT_SIGNATURE, inputs: CHAT_SIGNATURE.inputs.slice(0, 1) };
  assert.deepEqual(parse(CHAT_SIGNATURE, '{"question":"q","more":1}'), { question: "q", more: 1 });
  assert.deepEqual(parse(one, "just text"), { question: "just text" });
  assert.deepEqual(parse(one, ""), { question: "" });
  assert.deepEqual(parse({ ...one, inputs: [] }, "anything"), {});
  assert.throws(() => parse(CHAT_SIGNATURE, "just text"), {
    code: "JsonPayloadRequiredForMultipleInputFields",
  });
  assert.throws(() => parse(CHAT_SIGNATURE, "{}"), {
    message: "Required input fields ['question'] are missing in request data {}",
  });
  assert.throws(() => parse(CHAT_SIGNATURE, "[1]"), {
    message: "Required input fields ['question'] are missing in request data [1]",
  });
  assert.throws(() => parse(CHAT_SIGNATURE, "42"), { code: "InvalidRequest" });
  assert.throws(() => parse(one, "42"), { code: "InvalidRequest" });
  assert.throws(() => parse(one, "null"), { code: "InvalidRequest" });
  assert.throws(() => parse(one, '""'), {
    message: "Required input fields ['question'] are missing in request data ''",
  });
  assert.throws(() => parse(one, '["question"]'), { code: "InvalidRequest" }, "found, and no object");
  assert.deepEqual(parse(one, '\ufeff{"question":"q"}'), { question: "q" });
});

test("a body is read in the encoding that its bytes tell, as Python reads JSON", () => {
  const one: FlowSignature = { ...CHAT_SIGNATURE, inputs: CHAT_SIGNATURE.inputs.slice(0, 1) };
  const json = '{"question":"f\u00fcnf"}';
  const little = Buffer.from(json, "utf16le");
  const big = Buffer.from(little).swap16();
  const marked = [Buffer.from([0xff, 0xfe]), little];
  for (const body of [little, big, Buffer.concat(marked), Buffer.concat([Buffer.from([0xfe, 0xff]), big])])
    assert.deepEqual(parseScoreRequest(CHAT_SIGNATURE, body), { question: "f\u00fcnf" });
  // What is no text in any of them is no JSON; it must not reach a flow with signs put in its place.
  const broken = Buffer.from('{"question":"\u00ff"}', "latin1");
  assert.throws(() => parseScoreRequest(one, broken), {
    code: "InvalidRequest",
    message: /neither JSON nor text in UTF-8/,
  });
  assert.throws(() => parseScoreRequest(CHAT_SIGNATURE, broken), { code: "JsonPayloadRequiredForMultipleInputFields" });
  assert.throws(() => parseScoreRequest(one, Buffer.from([0xff, 0xfe, 0])), { code: "InvalidRequest" });
});

test("a body that says nothing runs a flow that needs nothing", () => {
  const inputs = CHAT_SIGNATURE.inputs.slice(0, 1).map((input) => ({ ...input, default: "d" }));
  const free: FlowSignature = { ...CHAT_SIGNATURE, inputs };
  for (const body of ["null", "[]", '""', "0", "false", "{}"]) assert.deepEqual(parse(free, body), {}, body);
  for (const body of ["5", "true", "[1]", '"x"']) {
    assert.throws(() => parse(free, body), { code: "InvalidRequest" }, body);
  }
});

test("a flow whose output has no name answers with the value itself", async () => {
  const signature: FlowSignature = { ...CHAT_SIGNATURE, bareOutput: true, outputs: CHAT_SIGNATURE.outputs.slice(0, 1) };
  const gave = (outputs: ValueMap, bare: boolean): FlowEvent => Object.assign(end({}), { outputs, bare });
  assert.equal((await write([start(), end({ answer: "hi" })], { signature })).body, '"hi"');
  assert.equal((await write([start(), gave({ a: 1 }, false)], { signature })).body, '{"a":1}', "what it gave counts");
  assert.equal((await write([start(), gave({ output: 1 }, true)])).body, "1", "though none was announced");
});

test("swagger names the chat fields, types and required inputs", () => {
  const document = swagger(CHAT_SIGNATURE) as { info: Record<string, unknown>; paths: Record<string, never> };
  assert.equal(document.info.title, "Promptflow[chat] API");
  assert.equal(document.info["x-chat-input"], "question");
  assert.equal(document.info["x-chat-history"], "chat_history");
  assert.match(JSON.stringify(document.paths), /"required":\["question","chat_history"\]/);
});
