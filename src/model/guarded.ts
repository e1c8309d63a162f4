// Moderation as a function on models: a guarded model is a model. What it stops, it stops in the words of Azure's content filter.

import { throwIfAborted } from "../base/abort.ts";
import { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { ChatChunk, ChatModel, ChatRequest } from "./chat-model.ts";
import { HoldBack } from "./hold-back.ts";
import { type Findings, type Moderator, SEVERITIES, type Severity } from "./moderator.ts";

export interface GuardPolicy {
  /** Least severity that stops a text, by category; `off` lets a category pass. Default medium. */
  block: Readonly<Partial<Record<string, Severity | "off">>>;
  on: readonly ("prompt" | "completion")[];
  /** Whether the prompt's results are shown on answers that pass, as Azure does. */
  annotate: boolean;
  /** Characters of a stream that are kept back, so that a phrase is seen whole before any of it leaves. */
  holdBackChars: number;
  /** What a text is that could not be checked. */
  onFailure: "block" | "allow";
}

export type FilterResults = Record<string, { filtered: boolean; severity?: Severity; detected?: boolean }>;

export function guardedModel<Model extends ChatModel>(
  model: Model,
  { moderator, policy, log }: { moderator: Moderator; policy: GuardPolicy; log: Logger },
): Model {
  async function check(text: string, kind: "prompt" | "completion", signal: AbortSignal): Promise<FilterResults> {
    try {
      return judged(await moderator.moderate(text, kind, signal), policy);
    } catch (thrown) {
      throwIfAborted(signal);
      if (policy.onFailure === "block") throw thrown;
      log.warn({ moderator: moderator.id, reason: (thrown as Error).message }, "a text passes unchecked");
      return {};
    }
  }

  async function* guarded(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatChunk> {
    const held = new HoldBack({ holdBackChars: policy.holdBackChars, stepChars: moderator.stepChars });
    for await (const chunk of model.chat(request, signal)) {
      held.add(chunk);
      for (const text of held.due()) {
        const results = await check(text, "completion", signal);
        if (isFiltered(results)) {
          yield filteredEnd(held, results);
          return;
        }
      }
      yield* held.release();
    }
    for (const text of held.rest()) {
      const results = await check(text, "completion", signal);
      if (isFiltered(results)) {
        yield filteredEnd(held, results);
        return;
      }
    }
    yield* held.all();
  }

  return {
    ...model,
    // Who passes bytes on reads nothing, and could not stop anything.
    relay: undefined,
    async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatChunk> {
      throwIfAborted(signal);
      if (policy.on.includes("prompt")) {
        const results = await check(promptOf(request), "prompt", signal);
        if (isFiltered(results)) throw refusal(moderator.id, results);
        if (policy.annotate) yield annotation(results);
      }
      yield* policy.on.includes("completion") ? guarded(request, signal) : model.chat(request, signal);
    },
  };
}

function judged(findings: Findings, { block }: GuardPolicy): FilterResults {
  return Object.fromEntries(
    Object.entries(findings).map(([category, finding]) => {
      const least = block[category] ?? "medium";
      if ("detected" in finding) return [category, { filtered: finding.detected && least !== "off", ...finding }];
      const isBlocked =
        least !== "off" &&
        finding.severity !== "safe" &&
        SEVERITIES.indexOf(finding.severity) >= SEVERITIES.indexOf(least);
      return [category, { filtered: isBlocked, ...finding }];
    }),
  );
}

function isFiltered(results: FilterResults): boolean {
  return Object.values(results).some(({ filtered }) => filtered);
}

function refusal(moderator: string, results: FilterResults): FlowsteadError {
  const found = Object.entries(results)
    .filter(([, { filtered }]) => filtered)
    .map(([category, { severity }]) => (severity ? `${category} (${severity})` : category));
  return new FlowsteadError(
    "ModelContentFiltered",
    `The response was filtered due to the prompt triggering the content management policy: ${found.join(", ")}, found by ${moderator}. Please modify your prompt and retry.`,
    { details: { upstreamCode: "content_filter", filter: results } },
  );
}

/** The last chunk of an answer that is cut off here, with all its choices; what was kept back is never seen. */
function filteredEnd({ last, choices }: HoldBack, results: FilterResults): ChatChunk {
  const { id, created, model, object } = last;
  const end = { delta: {}, finish_reason: "content_filter", content_filter_results: results };
  return { id, created, model, object, choices: choices.map((index) => ({ index, ...end })) };
}

function annotation(results: FilterResults): ChatChunk {
  const prompt_filter_results = [{ prompt_index: 0, content_filter_results: results }];
  return { id: "", created: 0, model: "", object: "", choices: [], prompt_filter_results };
}

/** What people and tools have put in; what the flow's author wrote and the model answered is not on trial. */
function promptOf({ messages, prompt }: ChatRequest): string {
  const texts = messages
    .filter(({ role }) => role === "user" || role === "tool" || role === "function")
    .map(({ content }) =>
      typeof content === "string"
        ? content
        : (content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("\n"),
    );
  return [...texts, ...(prompt === undefined ? [] : [prompt])].join("\n\n");
}
