// What the chat page calls: an endpoint by its name, or one deployment of it, as they are when a question comes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chatTarget } from "../../src/app/chat-target.ts";
import { configSchema } from "../../src/config/schema.ts";
import { type OnlineEndpoint, openEndpoint } from "../../src/endpoint/endpoint.ts";
import type { Target } from "../../src/flow/target.ts";
import { CHAT_SIGNATURE, end, scriptedTarget, start, text } from "../fake/target.ts";

function endpoint(traffic: Record<string, number>, version = ""): OnlineEndpoint {
  const deployments = Object.keys(traffic).map((name) => ({
    ...scriptedTarget(() => [start(), text(name + version), end({ answer: name + version })]),
    describe: async () => ({ ...CHAT_SIGNATURE, name }),
    name,
    instances: [],
    pending: 0,
    shadow: { take() {} },
    ready: async () => {},
  }));
  return openEndpoint({ name: "chat", keys: { principalOf: () => "somebody" }, deployments, traffic });
}

async function ask(target: Target): Promise<string> {
  for await (const event of target.invoke({ inputs: {} }, new AbortController().signal)) {
    if (event.type === "flow-end") return String(event.outputs["answer"]);
    if (event.type === "error") return `${event.error.code}: ${event.error.message}`;
  }
  return "";
}

test("the page's questions go by traffic, or to the deployment that the configuration names", async () => {
  const endpoints = new Map([["chat", endpoint({ blue: 100, green: 0 })]]);
  const byTraffic = chatTarget(configSchema.parse({}), endpoints);
  assert.equal(await ask(byTraffic), "blue");
  assert.equal((await byTraffic.describe()).name, "blue");
  const pinned = chatTarget(configSchema.parse({ chat: { deployment: "green" } }), endpoints);
  assert.equal(await ask(pinned), "green");
  assert.equal((await pinned.describe()).name, "green");
  const nowhere = chatTarget(configSchema.parse({ chat: { deployment: "grey" } }), endpoints);
  assert.match(await ask(nowhere), /^NotFound: .*no deployment "grey"\. It has: blue, green\./);
  assert.throws(() => chatTarget(configSchema.parse({ chat: { endpoint: "other" } }), endpoints), {
    code: "InvalidConfig",
  });
});

test("an endpoint that is deleted and made again answers the page without a restart", async () => {
  const endpoints = new Map([["chat", endpoint({ blue: 100 }, " of old")]]);
  const target = chatTarget(configSchema.parse({}), endpoints);
  assert.equal(await ask(target), "blue of old");
  endpoints.delete("chat");
  assert.match(await ask(target), /^NotFound: The endpoint "chat", which this page calls, has been deleted/);
  endpoints.set("chat", endpoint({ blue: 100 }, " of new"));
  assert.equal(await ask(target), "blue of new");
});
