// The promises of `ChatModel`, kept over the socket that flow instances use.

import { openModel } from "../../../src/model/provider/index.ts";
import { fakeModel } from "../../fake/openai/start.ts";
import { modelSuite } from "../../model-suite.ts";
import { lend, only } from "./lend.ts";

modelSuite("over the resource socket", async (context) => {
  const fake = await fakeModel(context, { tokensPerSecond: 500, reply: "The garden opens at nine. ".repeat(60) });
  const model = openModel({ provider: "openai", baseUrl: `${fake.url}/v1`, model: "fake-model" });
  const lent = await lend(only({ chatModel: async () => model }));
  context.after(async () => {
    await lent.close();
    await model.close();
  });
  return {
    model: await lent.resources.chatModel("default"),
    answer: /opens at nine/,
    upstreamAborted: () => fake.journal.until((entry) => entry.outcome === "aborted"),
  };
});
