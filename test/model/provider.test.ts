// The promises of ChatModel, kept by every provider and by the pool in all its states.

import type { TestContext } from "node:test";
import type { ChatModel } from "../../src/model/chat-model.ts";
import { balancedModel } from "../../src/model/balanced.ts";
import type { FakeModelServer } from "../../src/model/fake/server.ts";
import { openModel } from "../../src/model/provider/index.ts";
import { fakeModel } from "../fake/openai/start.ts";
import { modelSuite, type ModelUnderTest } from "../model-suite.ts";

const KEY = "suite-key";
/** Slow enough that an abort meets a running answer, fast enough for a suite. */
const SCRIPT = { keys: [KEY], tokensPerSecond: 500, reply: "The garden opens at nine. ".repeat(6) };

const openAi = ({ url }: FakeModelServer): ChatModel =>
  openModel({ provider: "openai", baseUrl: `${url}/v1`, apiKey: KEY, model: "fake-model" });
const azure = ({ url }: FakeModelServer): ChatModel =>
  openModel({ provider: "azure-openai", endpoint: url, apiKey: KEY, deployment: "fake-model" });

function under(model: ChatModel, fake: FakeModelServer): ModelUnderTest {
  const upstreamAborted = (): Promise<unknown> => fake.journal.until((entry) => entry.outcome === "aborted");
  return { model, answer: /opens at nine/, upstreamAborted };
}

modelSuite("openai", async (context) => {
  const fake = await fakeModel(context, SCRIPT);
  return under(openAi(fake), fake);
});

modelSuite("azure-openai", async (context) => {
  const fake = await fakeModel(context, { ...SCRIPT, asyncFilter: true });
  return under(azure(fake), fake);
});

modelSuite("extractive", async () => ({
  model: openModel({ provider: "extractive" }),
  answer: /^The garden opens at nine in the morning.*\[1\]$/,
}));

modelSuite("balanced over one", async (context) => {
  const fake = await fakeModel(context, SCRIPT);
  return under(balancedModel([{ model: openAi(fake) }]), fake);
});

modelSuite("balanced with a dead region", async (context) => {
  const fake = await fakeModel(context, SCRIPT);
  const dead = openModel({ provider: "openai", baseUrl: "http://127.0.0.1:9/v1", model: "fake-model", region: "dead" });
  return under(balancedModel([{ model: dead }, { model: azure(fake), priority: 1 }]), fake);
});

modelSuite("balanced with a region that answers 429", async (context) => {
  const full = await fakeModel(context, {
    ...SCRIPT,
    faults: [{ times: 0, fault: { kind: "status", status: 429, headers: { "retry-after": "30" } } }],
  });
  const fake = await fakeModel(context, SCRIPT);
  return under(balancedModel([{ model: openAi(full) }, { model: openAi(fake), priority: 1 }]), fake);
});

modelSuite("balanced with a region that hangs", async (context: TestContext) => {
  const hanging = await fakeModel(context, { faults: [{ times: 0, fault: { kind: "stall" } }] });
  const fake = await fakeModel(context, SCRIPT);
  const slow = openModel({
    provider: "openai",
    baseUrl: `${hanging.url}/v1`,
    model: "fake-model",
    firstTokenMs: 30,
    wholeMs: 30,
  });
  return under(balancedModel([{ model: slow }, { model: openAi(fake), priority: 1 }]), fake);
});
