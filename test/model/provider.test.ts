// The promises of ChatModel, kept by every provider and by the pool in all its states.

import type { ChatModel } from "../../src/model/chat-model.ts";
import { balancedModel } from "../../src/model/balanced.ts";
import type { FakeScript } from "../../src/model/fake/script.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { type MakeOptions, modelSuite, type ModelUnderTest } from "../model-suite.ts";

const KEY = "suite-key";
const SENTENCE = "The garden opens at nine. ";

function scriptFor({ isLong }: MakeOptions): FakeScript {
  return isLong
    ? { keys: [KEY], tokensPerSecond: 100, reply: SENTENCE.repeat(600) }
    : { keys: [KEY], tokensPerSecond: 2000, reply: SENTENCE.repeat(3) };
}

const openAi = ({ url }: FakeModelServer): ChatModel =>
  openModel({ provider: "openai", baseUrl: `${url}/v1`, apiKey: KEY, model: "fake-model" });
const azure = ({ url }: FakeModelServer): ChatModel =>
  openModel({ provider: "azure-openai", endpoint: url, apiKey: KEY, deployment: "fake-model" });

function under(model: ChatModel, fake: FakeModelServer): ModelUnderTest {
  const upstreamAborted = (): Promise<unknown> => fake.journal.until((entry) => entry.outcome === "aborted");
  return { model, answer: /opens at nine/, upstreamAborted };
}

modelSuite("openai", async (context, options) => {
  const fake = await fakeModel(context, scriptFor(options));
  return under(openAi(fake), fake);
});

modelSuite("azure-openai", async (context, options) => {
  const fake = await fakeModel(context, { ...scriptFor(options), asyncFilter: true });
  return under(azure(fake), fake);
});

modelSuite("anthropic", async (context, options) => {
  const fake = await fakeModel(context, scriptFor(options));
  const model = openModel({ provider: "anthropic", baseUrl: fake.url, apiKey: KEY, model: "fake-model" });
  return under(model, fake);
});

modelSuite("extractive", async () => ({
  model: openModel({ provider: "extractive" }),
  answer: /^The garden opens at nine in the morning.*\[1\]$/,
}));

modelSuite("balanced over one", async (context, options) => {
  const fake = await fakeModel(context, scriptFor(options));
  return under(balancedModel([{ model: openAi(fake) }]), fake);
});

modelSuite("balanced with a dead region", async (context, options) => {
  const fake = await fakeModel(context, scriptFor(options));
  const dead = openModel({ provider: "openai", baseUrl: "http://127.0.0.1:9/v1", model: "fake-model", region: "dead" });
  return under(balancedModel([{ model: dead }, { model: azure(fake), priority: 1 }]), fake);
});

modelSuite("balanced with a region that answers 429", async (context, options) => {
  const full = await fakeModel(context, {
    ...scriptFor(options),
    faults: [{ times: 0, fault: { kind: "status", status: 429, headers: { "retry-after": "30" } } }],
  });
  const fake = await fakeModel(context, scriptFor(options));
  return under(balancedModel([{ model: openAi(full) }, { model: openAi(fake), priority: 1 }]), fake);
});

modelSuite("balanced with a region that hangs", async (context, options) => {
  const hanging = await fakeModel(context, { faults: [{ times: 0, fault: { kind: "stall" } }] });
  const fake = await fakeModel(context, scriptFor(options));
  const slow = openModel({
    provider: "openai",
    baseUrl: `${hanging.url}/v1`,
    model: "fake-model",
    firstTokenMs: 30,
    wholeMs: 30,
  });
  return under(balancedModel([{ model: slow }, { model: openAi(fake), priority: 1 }]), fake);
});
