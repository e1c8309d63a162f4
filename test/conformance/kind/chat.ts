// Chat prompts: roles, protection of user text, tool calls, lists and images.

import { type Value, type ValueMap, isMap, pyStr } from "../../../src/base/value.ts";
import { Image, findImages } from "../../../src/prompt/image.ts";
import { type ImageDetail, parseChat, parseToolCalls } from "../../../src/prompt/parse-chat.ts";
import { renderChat } from "../../../src/prompt/render-chat.ts";
import { RenderedText } from "../../../src/prompt/rendered-text.ts";
import { maskUserText, splitRoles } from "../../../src/prompt/role.ts";
import { compileTemplate } from "../../../src/prompt/template.ts";
import type { Kinds } from "../case.ts";
import { expectEqual, expectFailure, expectTrue } from "../compare.ts";

export const CHAT_KINDS: Kinds = {
  "unit:chat_parse"({ inputs, expect }) {
    const images = ((inputs["images"] as ValueMap[] | null) ?? []).map(asImage);
    const detail = (inputs["image_detail"] as ImageDetail | undefined) ?? "auto";
    expectEqual(parseChat(inputs["chat_str"] as string, { images, detail }), expect["expected_result"]);
  },

  async "unit:chat_parse_error"({ inputs, expect }) {
    const error = await expectFailure(() => parseChat(inputs["chat_str"] as string));
    expectEqual(
      (error as { code?: unknown }).code,
      expect["exception_type"] ?? (error as { code?: unknown }).code,
      "error",
    );
    expectTrue(error.message.includes(String(expect["error_message"] as string)), `message: ${error.message}`);
  },

  "unit:tool_calls_parse"({ inputs, expect }) {
    const text = inputs["role_prompt"] as string;
    expectEqual(parseToolCalls({ text, mask: text }) ?? null, expect["expected_result"]);
  },

  "unit:chat_list_convert"({ inputs, expect }) {
    const data = inputs["input_data"] as ValueMap;
    const messages = renderChat(compileTemplate("user:\n{{ data }}"), { data }, { chatLists: true });
    expectEqual(messages, [{ role: "user", content: shown(expect["expected_output"] ?? null) }]);
  },

  /** The original swaps role words for ids; here the same values must come through as one message, word for word. */
  "unit:role_escape"({ inputs }) {
    const value = inputs["value"];
    const text = Array.isArray(value)
      ? (value as string[]).join("\n")
      : value === null
        ? "None"
        : String(value as string);
    expectEqual(throughChat({ value }, ["value"]), [text.trim()]);
  },

  "unit:role_unescape"({ inputs, expect }) {
    const value = expect["expected_value"];
    const texts = (Array.isArray(value) ? value : [value]).flatMap((part) =>
      isMap(part) ? (typeof part["text"] === "string" ? [part["text"]] : []) : [String(part as string)],
    );
    for (const text of texts) expectEqual(throughChat({ value: text }, ["value"]), [text.trim()]);
    expectTrue("escaped_dict" in inputs, "the case has no mapping");
  },

  /** What the original finds worth escaping are the roles that plain text makes and tagged text does not. */
  "unit:role_escape_dict"({ inputs, expect }) {
    const names = (inputs["inputs_to_escape"] as string[] | null) ?? [];
    const data = inputs["input_data"] as Record<string, string>;
    const found = new Set<string>();
    for (const name of names) {
      const text = data[name];
      if (text === undefined) continue;
      const plain = splitRoles(maskUserText(RenderedText.of(text)));
      for (const chunk of plain) if (chunk.kind === "role") found.add(chunk.role);
      expectEqual(splitRoles(maskUserText(RenderedText.of(text, true))).length, 1, "chunks of tagged text");
    }
    const wanted = Object.values(expect["expected_result"] as Record<string, string>).map((role) => role.toLowerCase());
    expectEqual([...found].sort(), wanted.sort(), "roles");
  },

  "unit:image_refs"({ inputs, expect }) {
    const found = findImages(Object.values(asImages(inputs["kwargs"]) as object)).map(String);
    const wanted = (expect["expected_result"] as ValueMap[]).map((image) => String(asImage(image)));
    expectEqual(found.sort(), wanted.sort());
  },
};

/** Lists print one item a line, also within each other, but as in Python within a dict. */
function shown(value: Value): string {
  return Array.isArray(value) ? value.map(shown).join("\n") : pyStr(value);
}

/** The contents of the messages that a template with one value gives. */
function throughChat(context: Record<string, unknown>, escape: string[]): unknown[] {
  const [name = ""] = Object.keys(context);
  return renderChat(compileTemplate(`user:\n{{ ${name} }}\n`), context, { escape, chatLists: true }).map(
    ({ content }) => content,
  );
}

function asImage(value: ValueMap): Image {
  const bytes = Buffer.from(value["$image"] as string, "base64");
  return new Image(bytes, value["mime"] as string, value["source_url"] as string | null);
}

function asImages(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asImages);
  if (!isMap(value)) return value;
  if (typeof value["$image"] === "string") return asImage(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asImages(item)]));
}
