import type { IncomingMessage } from "node:http";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Error("The body is too large.");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

export function keyOf(request: IncomingMessage): string {
  const key = request.headers["api-key"];
  if (typeof key === "string") return key;
  const other = request.headers["x-api-key"] ?? request.headers["ocp-apim-subscription-key"];
  if (typeof other === "string") return other;
  return request.headers.authorization?.replace(/^Bearer /i, "") ?? "";
}

export function limitOf(fields: Record<string, unknown>): number | undefined {
  const limit = fields.max_completion_tokens ?? fields.max_tokens;
  return typeof limit === "number" && limit > 0 ? limit : undefined;
}

export function textOf(fields: Record<string, unknown>): string {
  if (Array.isArray(fields.messages)) {
    return contentText((fields.messages.at(-1) as { content?: unknown } | undefined)?.content);
  }
  return Array.isArray(fields.prompt) ? fields.prompt.map(String).join("\n") : contentText(fields.prompt);
}

export function allText(fields: Record<string, unknown>): string {
  if (!Array.isArray(fields.messages)) return textOf(fields);
  const system = typeof fields.system === "string" ? `${fields.system}\n` : "";
  return system + fields.messages.map((message: { content?: unknown }) => contentText(message?.content)).join("\n");
}

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part?.text === "string" ? part.text : "")).join("");
}
