// What the fake model server should do: how fast, which answer, and which faults. Tests set it in process or by
// `POST /__fake/script`, so everything but a reply function is plain JSON.

import { z } from "zod";

const at = z.int().min(0).optional();

/** `at` counts tokens sent before the fault; absent, the fault comes before the first byte of the answer. */
const fault = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    headers: z.record(z.string(), z.string()).optional(),
    /** Sent as it is; an error in OpenAI's form when absent. */
    body: z.unknown().optional(),
  }),
  z.strictObject({ kind: z.literal("reset"), at }),
  z.strictObject({ kind: z.literal("stall"), at }),
  z.strictObject({ kind: z.literal("malformed"), at }),
  /** The stream ends without its last chunk, as when a proxy cuts it. */
  z.strictObject({ kind: z.literal("cut"), at }),
  /** A chunk with `error` in a stream that began well, as some servers send it. */
  z.strictObject({ kind: z.literal("error-chunk"), at, message: z.string().optional() }),
  /** 400, as when the prompt breaks the content rules. */
  z.strictObject({ kind: z.literal("filter-prompt") }),
  /** 200 with finish_reason `content_filter` after `at` tokens. */
  z.strictObject({ kind: z.literal("filter-completion"), at }),
  z.strictObject({ kind: z.literal("slow-headers"), ms: z.number().min(0) }),
]);

const reply = z.union([
  z.string(),
  z.strictObject({
    content: z.string().optional(),
    toolCalls: z
      .array(z.strictObject({ name: z.string(), arguments: z.string(), id: z.string().optional() }))
      .optional(),
    /** A call in the older form, as requests with `functions` get it. */
    functionCall: z.strictObject({ name: z.string(), arguments: z.string() }).optional(),
    finishReason: z.string().optional(),
  }),
]);

const match = {
  /** Part of the request's path and query. */
  path: z.string().optional(),
  /** Part of the request's body as JSON text. */
  contains: z.string().optional(),
};

export const scriptSchema = z.strictObject({
  /** Time to the first token of a stream, and to the whole of a JSON answer. */
  firstTokenMs: z.number().min(0).optional(),
  /** 0 sends all tokens at once. */
  tokensPerSecond: z.number().min(0).optional(),
  reply: reply.optional(),
  /** Answers by rule; the first that matches wins over `reply`. */
  replies: z.array(z.strictObject({ ...match, reply })).optional(),
  /** Each is used up `times` times (default 1, 0 for always), by the first request that matches. */
  faults: z.array(z.strictObject({ ...match, times: z.int().min(0).optional(), fault })).optional(),
  /** Keys that are accepted; any or none when absent. */
  keys: z.array(z.string()).optional(),
  /** Entra's tokens are given out, to who knows the secret when there is one, and accepted as keys until they end. */
  tokens: z.strictObject({ lifeSeconds: z.number().positive().optional(), secret: z.string().optional() }).optional(),
  /** What the moderation services find: levels are Azure's 0, 2, 4 and 6. */
  badWords: z
    .array(
      z.strictObject({
        word: z.string(),
        category: z.enum(["hate", "self_harm", "sexual", "violence", "jailbreak"]),
        level: z.int().min(0).max(6),
      }),
    )
    .optional(),
  /** Models and deployments that exist; every name when absent. */
  models: z.array(z.string()).optional(),
  /** Length of embeddings where a request does not say it; default 256. Clients with an index of a fixed length need theirs. */
  dimensions: z.int().min(1).max(4096).optional(),
  /** Azure's asynchronous filter: chunks without a delta between the others. */
  asyncFilter: z.boolean().optional(),
});

export type Fault = z.infer<typeof fault>;
export type FakeReply = z.infer<typeof reply>;
export type FaultRule = { path?: string; contains?: string; times?: number; fault: Fault };

/** A request as reply functions and rules see it. */
export interface FakeRequest {
  path: string;
  body: Record<string, unknown>;
  /** The text of the last message, or the prompt. */
  lastText: string;
}

export type FakeScript = Omit<z.infer<typeof scriptSchema>, "reply"> & {
  reply?: FakeReply | ((request: FakeRequest) => FakeReply);
};

/** The script in force, with the faults that are left. */
export class ScriptState {
  #script: FakeScript;
  #faults: { rule: FaultRule; left: number }[] = [];

  constructor(script: FakeScript = {}) {
    this.#script = {};
    this.merge(script);
  }

  get script(): FakeScript {
    return this.#script;
  }

  /** Replaces the fields given; faults are added to those left. */
  merge(script: FakeScript): void {
    const { faults = [], ...rest } = script;
    this.#script = { ...this.#script, ...rest };
    for (const rule of faults) this.#faults.push({ rule, left: rule.times === 0 ? Infinity : (rule.times ?? 1) });
  }

  reset(): void {
    this.#script = {};
    this.#faults = [];
  }

  takeFault(request: FakeRequest): Fault | undefined {
    // Health probes do not use up the faults meant for calls: a rule has to name their path.
    const isProbe = /\/models(\?|$)/.test(request.path);
    const entry = this.#faults.find(({ rule }) => (rule.path !== undefined || !isProbe) && matches(rule, request));
    if (!entry) return undefined;
    entry.left--;
    if (entry.left === 0) this.#faults.splice(this.#faults.indexOf(entry), 1);
    return entry.rule.fault;
  }

  replyTo(request: FakeRequest): Exclude<FakeReply, string> {
    const { reply, replies = [] } = this.#script;
    const found = replies.find((rule) => matches(rule, request))?.reply ?? reply ?? `MOCK:${request.lastText}`;
    const result = typeof found === "function" ? found(request) : found;
    return typeof result === "string" ? { content: result } : result;
  }
}

function matches({ path, contains }: { path?: string; contains?: string }, request: FakeRequest): boolean {
  if (path !== undefined && !request.path.includes(path)) return false;
  return contains === undefined || JSON.stringify(request.body).includes(contains);
}
