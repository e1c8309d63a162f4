// Chat prompts: text with role lines to the messages of a chat model, as the original parses them.

import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import type { ChatMessage, ContentPart, ToolCall } from "../model/chat-model.ts";
import type { Image } from "./image.ts";
import { parsePythonLiteral } from "./python-literal.ts";
import { pyStrip } from "./python-space.ts";
import { RenderedText } from "./rendered-text.ts";
import { type Masked, type PromptRole, ROLES, findToolCalls, maskUserText, readNamed, splitRoles } from "./role.ts";

export type ImageDetail = "auto" | "low" | "high";

export interface ChatImages {
  images?: readonly Image[];
  detail?: ImageDetail;
}

/**
 * Parses a chat prompt. Plain text counts as the author's from end to end; in a `RenderedText` what a user wrote makes
 * no roles, names or tool calls.
 * @throws FlowsteadError `ChatAPIInvalidRole`, `ChatAPIFunctionRoleInvalidFormat` or `ChatAPIToolRoleInvalidFormat`
 */
export function parseChat(prompt: string | RenderedText, options: ChatImages = {}): ChatMessage[] {
  const masked = maskUserText(typeof prompt === "string" ? RenderedText.of(prompt) : prompt);
  const content = contentMaker(options);
  const messages: ChatMessage[] = [];
  let role: PromptRole | undefined;
  for (const chunk of splitRoles(masked)) {
    if (chunk.kind === "role") {
      role = chunk.role;
    } else if (role !== undefined) {
      messages.push(message(role, chunk.part, content));
    } else if (pyStrip(chunk.part.text) !== "") {
      throw invalidRole(chunk.part.text);
    }
  }
  return messages;
}

function message(role: PromptRole, part: Masked, content: (text: string) => string | ContentPart[]): ChatMessage {
  if (role === "tool") return toolMessage(part, content);
  const toolCalls = role === "assistant" ? parseToolCalls(part) : undefined;
  if (toolCalls) return { role, tool_calls: toolCalls };
  const named = readNamed(part, "name");
  if (named) return { role, name: named.value, content: content(named.content) };
  if (role === "function") {
    throw new FlowsteadError(
      "ChatAPIFunctionRoleInvalidFormat",
      "Failed to parse function role prompt. Please make sure the prompt follows the format: " +
        "'name:\\nfunction_name\\ncontent:\\nfunction_content'. 'name' is required if role is function, and it should be " +
        "the name of the function whose response is in the content. May contain a-z, A-Z, 0-9, and underscores, with a " +
        "maximum length of 64 characters. See more details in " +
        "https://platform.openai.com/docs/api-reference/chat/create#chat/create-name or view sample " +
        "'How to use functions with chat models' in our gallery.",
    );
  }
  return { role, content: content(part.text) };
}

function toolMessage(part: Masked, content: (text: string) => string | ContentPart[]): ChatMessage {
  const found = readNamed(part, "tool_call_id");
  if (found) return { role: "tool", tool_call_id: found.value, content: content(found.content) };
  throw new FlowsteadError(
    "ChatAPIToolRoleInvalidFormat",
    "Failed to parse tool role prompt. Please make sure the prompt follows the format: " +
      "'tool_call_id:\\ntool_call_id\\ncontent:\\ntool_content'. 'tool_call_id' is required if role is tool, and it should " +
      "be the tool call that this message is responding to. See more details in " +
      "https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages",
  );
}

/** The list behind `tool_calls:`, written as Python prints it; undefined when there is none or it is no list. */
export function parseToolCalls(part: Masked): ToolCall[] | undefined {
  const start = findToolCalls(part);
  const literal = start === undefined ? undefined : parsePythonLiteral(part.text, start);
  return literal && Array.isArray(literal.value) ? (plain(literal.value) as ToolCall[]) : undefined;
}

function invalidRole(text: string): FlowsteadError {
  const shown = ROLES.map((role) => `'${role}:\\n'`).join(",");
  return new FlowsteadError(
    "ChatAPIInvalidRole",
    "The Chat API requires a specific format for prompt definition, and the prompt should include separate lines as role " +
      `delimiters: ${shown}. Current parsed role '${pyStrip(text).toLowerCase()}' does not meet the requirement. If you ` +
      "intend to use the Completion API, please select the appropriate API type and deployment name. If you do intend to " +
      "use the Chat API, please refer to the guideline at https://aka.ms/pfdoc/chat-prompt or view the samples in our " +
      "gallery that contain 'Chat' in the name.",
  );
}

/** Turns a message's text into parts where one of its lines is an image; otherwise it stays text. */
function contentMaker({ images = [], detail = "auto" }: ChatImages): (text: string) => string | ContentPart[] {
  const byName = new Map(images.map((image) => [image.toString(), image]));
  return (text) => {
    const stripped = pyStrip(text);
    if (byName.size === 0) return stripped;
    let hasImage = false;
    const parts: ContentPart[] = [];
    for (const line of stripped.split("\n")) {
      const word = pyStrip(line);
      const image = byName.get(word);
      if (image) {
        hasImage = true;
        parts.push({ type: "image_url", image_url: { url: image.toUrl(), detail } });
      } else if (word !== "") {
        parts.push({ type: "text", text: line });
      }
    }
    return hasImage ? parts : stripped;
  };
}
