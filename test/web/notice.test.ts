import assert from "node:assert/strict";
import { test } from "node:test";
import { noticeText, withSettings } from "../../web/shared/format/notice.ts";

test("what the server says of its model is laid out: a lead, the rest, and the remedy", () => {
  const said =
    "Answers come from the built-in extractive model. It is not a language model: it quotes sentences. " +
    "To use one, set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server. Then start again.";
  assert.deepEqual(noticeText(said), {
    lead: "Answers come from the built-in extractive model.",
    rest: "It is not a language model: it quotes sentences.",
    remedy: "To use one, set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server. Then start again.",
  });
});

test("that no language model answers is said once, whether or not the server says it", () => {
  const plain = "No language model is configured.";
  assert.deepEqual(noticeText("Set OPENAI_API_KEY."), { lead: plain, rest: "", remedy: "Set OPENAI_API_KEY." });
  assert.deepEqual(noticeText("Sentences are quoted."), { lead: plain, rest: "Sentences are quoted.", remedy: "" });
  assert.deepEqual(noticeText(" "), { lead: plain, rest: "", remedy: "" });
  assert.deepEqual(noticeText("There is no language model here."), {
    lead: "There is no language model here.",
    rest: "",
    remedy: "",
  });
});

test("names of settings are told from words in capitals", () => {
  assert.deepEqual(
    withSettings("AZURE_OPENAI_API_KEY or NOT this, PDF_ nor K8S_NODE.").map(({ text, isSetting }) =>
      isSetting ? `<${text}>` : text,
    ),
    ["<AZURE_OPENAI_API_KEY>", " or NOT this, PDF_ nor ", "<K8S_NODE>", "."],
  );
});
