// An answer in the events and the body of Anthropic's Messages API.

import { type Answer, type AnswerOptions, buildAnswer } from "./answer.ts";

const STOP: Record<string, string> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
};

interface ToolCallDelta {
  index: number;
  id?: string;
  function: { name?: string; arguments: string };
}

export function buildMessage(options: AnswerOptions): Answer {
  const answer = buildAnswer(options);
  const id = `msg_fake_${options.number}`;
  const { promptTokens, model } = options;
  const last = answer.last as { choices: [{ finish_reason: string }] };
  const stop_reason = STOP[last.choices[0].finish_reason] ?? "end_turn";
  const whole = answer.whole as {
    choices: [
      {
        message: {
          content: string | null;
          tool_calls?: { id: string; function: { name: string; arguments: string } }[];
        };
      },
    ];
  };
  const { content, tool_calls: calls = [] } = whole.choices[0].message;
  const base = { id, type: "message", role: "assistant", model };
  const tools = content === null ? 0 : 1;
  let open = -1;
  const start = (index: number, block: object): object[] => {
    const closing = open >= 0 ? [{ type: "content_block_stop", index: open }] : [];
    open = index;
    return [...closing, { type: "content_block_start", index, content_block: block }];
  };
  const delta = (index: number, part: object): object => ({ type: "content_block_delta", index, delta: part });
  return {
    ...answer,
    first: [
      {
        type: "message_start",
        message: {
          ...base,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: promptTokens, output_tokens: 1 },
        },
      },
      { type: "ping" },
    ],
    chunk(part) {
      if (typeof part.content === "string") {
        const begin = open < 0 ? start(0, { type: "text", text: "" }) : [];
        return [...begin, delta(0, { type: "text_delta", text: part.content })];
      }
      const [call] = part.tool_calls as [ToolCallDelta];
      const index = tools + call.index;
      if (call.id !== undefined)
        return start(index, { type: "tool_use", id: call.id, name: call.function.name, input: {} });
      return [delta(index, { type: "input_json_delta", partial_json: call.function.arguments })];
    },
    get last() {
      return [
        ...(open >= 0 ? [{ type: "content_block_stop", index: open }] : []),
        {
          type: "message_delta",
          delta: { stop_reason, stop_sequence: null },
          usage: { output_tokens: answer.deltas.length },
        },
        { type: "message_stop" },
      ];
    },
    whole: {
      ...base,
      content: [
        ...(content === null ? [] : [{ type: "text", text: content }]),
        ...calls.map((call) => ({
          type: "tool_use",
          id: call.id,
          name: call.function.name,
          input: JSON.parse(call.function.arguments || "{}") as unknown,
        })),
      ],
      stop_reason,
      stop_sequence: null,
      usage: { input_tokens: promptTokens, output_tokens: answer.deltas.length },
    },
  };
}
