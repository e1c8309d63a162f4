// From a chat template and its values to messages, in one step.

import type { ChatMessage } from "../model/chat-model.ts";
import { findImages } from "./image.ts";
import { type ChatImages, parseChat } from "./parse-chat.ts";
import type { RenderOptions, Template } from "./template.ts";

export interface RenderChatOptions extends RenderOptions, Omit<ChatImages, "images"> {}

/**
 * Renders and parses a chat prompt; images among the values become content parts.
 * Name every variable that is bound to a flow input in `escape`.
 */
export function renderChat(
  template: Template,
  context: Readonly<Record<string, unknown>>,
  options: RenderChatOptions = {},
): ChatMessage[] {
  const { detail, ...render } = options;
  const text = template.renderText(context, render);
  return parseChat(text, { images: findImages(Object.values(context)), ...(detail && { detail }) });
}
