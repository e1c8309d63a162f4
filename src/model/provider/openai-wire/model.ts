import { throwIfAborted } from "../../../base/abort.ts";
import { FlowsteadError } from "../../../base/error/error.ts";
import type { Logger } from "../../../base/log.ts";
import type { ChatChunk, ChatModel, ChatRequest } from "../../chat-model.ts";
import { type Deadlines, wireChat } from "./chat.ts";
import { type ChatDialect, OPENAI_DIALECT } from "./dialect.ts";
import type { WireCall, WireClient } from "./client.ts";
import { chunkDecoder } from "./decode.ts";
import { listModels } from "./list.ts";
import { relayDecoder } from "./relay.ts";

export type WireOperation = "chat/completions" | "completions";

export interface WireModelOptions {
  id: string;
  client: WireClient;
  /** The model to use when a request names none; undefined takes the first that the server lists. */
  defaultModel: string | undefined;
  /** Path of the call below the base URL. */
  path: (model: string, operation: WireOperation) => string;
  modelsPath: string;
  /** Whether streams are asked to tell their usage. */
  streamUsage: boolean;
  /** For servers that do not take OpenAI's body. */
  body?: (request: ChatRequest, model: string) => Record<string, unknown>;
  /** For servers that do not answer in OpenAI's chunks; asked for each call. */
  dialect?: (request: ChatRequest) => ChatDialect;
  deadlines: Partial<Deadlines> | undefined;
  log: Logger | undefined;
}

const USAGE: Readonly<Record<string, unknown>> = Object.freeze({ include_usage: true });

/** A chat model behind the OpenAI-compatible wire. */
export function wireModel(options: WireModelOptions): ChatModel {
  const { id, client, modelsPath, log } = options;
  const deadlines: Deadlines = {
    firstTokenMs: 60_000,
    idleMs: 30_000,
    wholeMs: 300_000,
    ...defined(options.deadlines),
  };
  let { streamUsage, defaultModel } = options;
  /** Whether the server has answered a stream that was asked for its usage. */
  let takesUsage = false;
  /** What each model takes as the name of the limit of its answer, once it is known. */
  const limitNames = new Map<string, "max_tokens" | "max_completion_tokens">();

  async function firstListed(signal: AbortSignal): Promise<string> {
    const [first] = await listModels(client, modelsPath, signal);
    if (first === undefined) {
      throw new FlowsteadError(
        "ModelNotFound",
        `${client.upstream.url} lists no model. Name one in the configuration: model of the entry, or OPENAI_MODEL.`,
      );
    }
    return (defaultModel = first);
  }

  function callOf(request: ChatRequest, model: string): WireCall {
    const { messages, prompt, parameters, stream, headers } = request;
    const operation = prompt === undefined ? "chat/completions" : "completions";
    if (options.body && prompt !== undefined) {
      const message = `${client.upstream.host} has no completions API. Use api: chat in the node.`;
      throw new FlowsteadError("ModelRejected", message);
    }
    if (options.body)
      return { method: "POST", path: options.path(model, operation), body: options.body(request, model) };
    const asked = parameters.stream_options;
    // Not spread: that takes several times as long.
    const body: Record<string, unknown> = Object.assign(
      prompt === undefined ? { model, messages } : { model, prompt },
      parameters,
    );
    body.stream = stream;
    if (limitNames.get(model) === "max_completion_tokens" && "max_tokens" in body) {
      body.max_completion_tokens ??= body.max_tokens;
      delete body.max_tokens;
    }
    // Usage is asked for unless the caller has said whether it wants it.
    if (stream && streamUsage) body.stream_options = asked ? Object.assign({}, USAGE, asked) : USAGE;
    return { method: "POST", path: options.path(model, operation), body, headers };
  }

  return {
    id,
    async *chat(request, signal): AsyncGenerator<ChatChunk> {
      // What the original sends, and what servers of a single model take.
      const isUnnamed = request.model === "" && !defaultModel;
      let model = isUnnamed ? "" : request.model || defaultModel || (await firstListed(signal));
      // A loop, since a generator for each attempt would cost every chunk two more promises.
      for (let isAgain = false; ; isAgain = true) {
        const call = callOf(request, model);
        const isStream = request.stream;
        const decoder = chunkDecoder(options.dialect?.(request) ?? OPENAI_DIALECT, client.upstream, isStream);
        try {
          for await (const chunk of wireChat({ client, decoder, call, model, isStream, deadlines, signal })) {
            // What has arrived before an abort is not shown after it.
            throwIfAborted(signal);
            yield chunk;
          }
          if (isStream) takesUsage = true;
          if ("max_tokens" in request.parameters && !limitNames.has(model)) limitNames.set(model, "max_tokens");
          return;
        } catch (thrown) {
          if (isAgain) throw thrown;
          if (limitOf(call) !== undefined && refusesLimitName(thrown)) limitNames.set(model, "max_completion_tokens");
          else if (isUnnamed && refusesModel(thrown)) model = await firstListed(signal);
          else {
            const isOurs = streamUsage && request.stream && !request.parameters.stream_options;
            if (!isOurs || !refusesUsage(thrown)) throw thrown;
            // An older server does not know the option. Its answers are worth more than its token counts.
            streamUsage = false;
            log?.warn({ model: id }, "the server does not know stream_options; token usage of streams is not known");
          }
        }
      }
    },
    relay(request, signal) {
      const { model = defaultModel, prompt, stream: isStream } = request;
      if (options.body || options.dialect || prompt !== undefined || !model) return undefined;
      // What a server does not know, `chat` finds out and asks again.
      if (isStream && streamUsage && !takesUsage) return undefined;
      if ("max_tokens" in request.parameters && !limitNames.has(model)) return undefined;
      const decoder = relayDecoder(isStream, client.upstream);
      return wireChat({ client, decoder, call: callOf(request, model), model, isStream, deadlines, signal });
    },
    async probe(signal) {
      await listModels(client, modelsPath, signal);
    },
    close: () => client.close(),
  };
}

function refusesModel(thrown: unknown): boolean {
  return thrown instanceof FlowsteadError && (thrown.code === "ModelNotFound" || thrown.code === "ModelRejected");
}

function refusesUsage(thrown: unknown): boolean {
  return (
    thrown instanceof FlowsteadError &&
    thrown.code === "ModelRejected" &&
    /stream_options|include_usage/.test(thrown.message)
  );
}

/** What was asked for under the older name. */
function limitOf({ body }: WireCall): unknown {
  return (body as { max_tokens?: unknown }).max_tokens;
}

/** Newer models know the limit by its newer name only, which older servers do not know. */
function refusesLimitName(thrown: unknown): boolean {
  return (
    thrown instanceof FlowsteadError &&
    thrown.code === "ModelRejected" &&
    /max_tokens/.test(thrown.message) &&
    /max_completion_tokens/.test(thrown.message)
  );
}

function defined<T extends object>(values: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
}
