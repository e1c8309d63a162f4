// The list of rerankers, as the configuration writes them. Adding one is one file beside this one, and one line each here.

import { z } from "zod";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { ChatModel } from "../../chat-model.ts";
import type { Reranker } from "../../reranker.ts";
import { chatJudge } from "./chat-judge.ts";
import { crossEncoder } from "./cross-encoder.ts";

const RERANKERS = ["cross-encoder", "chat-model"];

const common = {
  candidates: z.int().min(1).max(200).default(50),
  timeout_seconds: z.number().positive().max(60).default(5),
};
const entryShape = z.discriminatedUnion("provider", [
  z.strictObject({
    provider: z.literal("cross-encoder"),
    ...common,
    base_url: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }),
    api_key: z.string().optional(),
    model: z.string().min(1).optional(),
    wire: z.enum(["documents", "texts"]).default("documents"),
  }),
  z.strictObject({
    provider: z.literal("chat-model"),
    ...common,
    model: z.looseObject({ provider: z.string() }, "must be an entry as under `models`"),
  }),
]);

export interface RerankStage {
  reranker: Reranker;
  /** How many of the best it judges. */
  candidates: number;
  timeoutMs: number;
}

/** `openModel` opens an entry as `models` has them. @throws FlowsteadError `InvalidConfig` that names the key. */
export function openReranker(
  entry: Readonly<Record<string, unknown>>,
  openModel: (entry: Readonly<Record<string, unknown>>) => ChatModel,
): RerankStage {
  const parsed = entryShape.safeParse(entry);
  if (!parsed.success) {
    const known = RERANKERS.includes(String(entry["provider"]));
    const issues = known
      ? parsed.error.issues.map(({ path, message }) => `reranker: ${path.join(".") || "entry"}: ${message}`)
      : [`reranker: there is no provider "${String(entry["provider"])}". Use one of: ${RERANKERS.join(", ")}.`];
    throw new FlowsteadError("InvalidConfig", issues.join("\n"));
  }
  const { data } = parsed;
  const { candidates, timeout_seconds: seconds } = data;
  const reranker =
    data.provider === "chat-model"
      ? chatJudge(openModel(data.model))
      : crossEncoder({ baseUrl: data.base_url, apiKey: data.api_key, model: data.model, wire: data.wire });
  return { reranker, candidates, timeoutMs: seconds * 1000 };
}
