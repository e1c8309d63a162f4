// What services of moderation answer, in the guard's four categories and severities; long texts in parts that overlap.

import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { openModerator } from "../../src/model/provider/index.ts";

type Body = Record<string, unknown>;
let answer: (body: Body) => unknown = () => ({});
let sent: IncomingHttpHeaders = {};
const server = createServer((request, response) => {
  let text = "";
  sent = request.headers;
  request.on("data", (chunk: Buffer) => (text += chunk.toString()));
  request.on("end", () => response.end(JSON.stringify(answer(JSON.parse(text) as Body))));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const azure = openModerator({ moderator: "azure-content-safety", endpoint: url, apiKey: "key" });
const openAi = openModerator({ moderator: "openai-moderation", baseUrl: `${url}/v1`, apiKey: "key" });
after(async () => {
  await Promise.all([azure.close(), openAi.close()]);
  server.close();
  server.closeAllConnections();
});
const never = (): AbortSignal => new AbortController().signal;

test("Azure's levels, between its four too, are severities", async () => {
  for (const [severity, wanted] of [
    [0, "safe"],
    [1, "low"],
    [2, "low"],
    [3, "medium"],
    [4, "medium"],
    [6, "high"],
  ] as const) {
    answer = () => ({ categoriesAnalysis: [{ category: "SelfHarm", severity }] });
    assert.deepEqual(await azure.moderate("x", "completion", never()), { self_harm: { severity: wanted } });
    assert.equal(sent["ocp-apim-subscription-key"], "key");
  }
  answer = () => ({ categoriesAnalysis: [{ category: "Hate", severity: 9 }] });
  await assert.rejects(async () => azure.moderate("x", "completion", never()), { code: "ModerationFailed" });
});

test("OpenAI's categories and scores are the guard's", async () => {
  const find = async (category: string, isFlagged: boolean, score: number): Promise<Body> => {
    const results = [{ categories: { [category]: isFlagged }, category_scores: { [category]: score } }];
    answer = () => ({ results });
    const found = Object.entries(await openAi.moderate("x", "completion", never()));
    return Object.fromEntries(
      found.flatMap(([name, one]) => ("severity" in one && one.severity !== "safe" ? [[name, one.severity]] : [])),
    );
  };
  assert.deepEqual(await find("hate", true, 0.1), { hate: "high" });
  assert.deepEqual(await find("harassment/threatening", true, 0.9), { hate: "high" });
  assert.deepEqual(await find("illicit/violent", true, 0.9), { violence: "high" });
  assert.deepEqual(await find("self-harm/intent", false, 0.5), { self_harm: "medium" });
  assert.deepEqual(await find("sexual/minors", false, 0.3), { sexual: "low" });
  assert.deepEqual(await find("violence", false, 0.1), {});
});

test("a long text goes in parts that overlap, and the worst of all counts, wherever it stands", async () => {
  const parts: string[] = [];
  answer = ({ text }) => {
    parts.push(text as string);
    const severity = (text as string).includes("very bad words") ? 6 : (text as string).includes("bad") ? 4 : 0;
    return { categoriesAnalysis: [{ category: "Hate", severity }] };
  };
  // Over the first seam, so that only an overlap shows it whole.
  for (const place of [0, 9_993, 24_000]) {
    const text = `${"a".repeat(place)}very bad words${"a".repeat(24_000 - place)}`;
    assert.deepEqual(await azure.moderate(text, "completion", never()), { hate: { severity: "high" } }, String(place));
  }
  assert.ok(parts.length >= 9 && parts.every(({ length }) => length <= 10_000), "the service takes no more");
});
