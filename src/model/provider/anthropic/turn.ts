// Messages as turns of two that alternate, with what belongs to the system before them.

import type { ChatMessage, ContentPart, ToolCall } from "../../chat-model.ts";
import { cacheMark } from "./cache-mark.ts";
import { rejected } from "./parameter.ts";

type Block = Record<string, unknown>;

interface Turn {
  role: "user" | "assistant";
  content: Block[];
}

/** One text, or blocks where one of them is marked to be kept. */
export function systemOf(messages: readonly ChatMessage[]): string | Block[] | undefined {
  const own = messages.filter(({ role }) => role === "system" || role === "developer");
  if (own.length === 0) return undefined;
  for (const message of own) refuseUnsaid(message);
  const all = own.flatMap((message) => marked(said(message), message));
  return all.some((block) => "cache_control" in block) ? all : own.map(textOf).join("\n\n");
}

/** Neighbours of one role become one; results of tools are the user's. @throws FlowsteadError `ModelRejected`. */
export function turns(messages: readonly ChatMessage[]): Turn[] {
  const all: Turn[] = [];
  for (const message of messages) {
    if (message.role === "system" || message.role === "developer") continue;
    refuseUnsaid(message);
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = marked(blocks(message), message);
    if (content.length === 0) continue;
    const last = all.at(-1);
    if (last?.role === role) last.content.push(...content);
    else all.push({ role, content });
  }
  return all;
}

/** What a message may hold and nobody would be told. Of a tool or a function, the name is only said again. */
function refuseUnsaid({ role, name, function_call, audio }: ChatMessage & { audio?: unknown }): void {
  if (name && role !== "tool" && role !== "function")
    throw rejected("messages", `who speaks has no name there; write "${name}" into the text`);
  if (function_call) throw rejected("messages", "there is no function_call; use tool_calls");
  if (audio) throw rejected("messages", "there are texts and images only, and no audio");
}

function blocks(message: ChatMessage & { refusal?: unknown }): Block[] {
  if (message.role === "tool") {
    return [{ type: "tool_result", tool_use_id: message.tool_call_id ?? "", content: resultOf(message) }];
  }
  if (message.role === "function") return [{ type: "text", text: `${message.name ?? "function"}: ${textOf(message)}` }];
  const { refusal } = message;
  const calls = (message.tool_calls ?? []).map(({ id, type, function: called }: Partial<ToolCall>) => {
    if (!called) throw rejected("tool_calls", `there are calls of functions only, and none of type "${type}"`);
    return { type: "tool_use", id, name: called.name, input: parsed(called.arguments) };
  });
  return [...said(message), ...(typeof refusal === "string" ? said({ content: refusal }) : []), ...calls];
}

/** An empty text block is refused. */
function said({ content }: Pick<ChatMessage, "content">): Block[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return (content ?? []).map(part).filter((block) => block.text !== "");
}

/** A mark on a whole message stands behind the last of it. */
function marked(content: Block[], message: ChatMessage): Block[] {
  const last = content.at(-1);
  if (last) Object.assign(last, cacheMark(last, message));
  return content;
}

/** Tools may bring images. */
function resultOf(message: ChatMessage): string | Block[] {
  const { content } = message;
  const isText = !Array.isArray(content) || content.every((one) => one.type === "text" && isEmpty(cacheMark(one)));
  return isText ? textOf(message) : content.map(part);
}

function isEmpty(mark: object): boolean {
  return Object.keys(mark).length === 0;
}

function part(one: ContentPart): Block {
  if (one.type === "text") return { type: "text", text: one.text, ...cacheMark(one) };
  const { type, refusal } = one as { type: string; refusal?: unknown };
  if (type === "refusal" && typeof refusal === "string") return { type: "text", text: refusal };
  if (one.type !== "image_url")
    throw rejected("messages", `there are texts and images only, and no parts of type "${type}"`);
  const inline = /^data:([^;,]+);base64,(.*)$/s.exec(one.image_url.url);
  const source = inline
    ? { type: "base64", media_type: inline[1], data: inline[2] }
    : { type: "url", url: one.image_url.url };
  return { type: "image", source, ...cacheMark(one) };
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((one) => (one.type === "text" ? one.text : "")).join("");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return { arguments: text };
  }
}
