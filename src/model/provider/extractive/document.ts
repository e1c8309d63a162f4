import type { ChatMessage } from "../../chat-model.ts";

export interface QuotedDocument {
  /** As it is cited. */
  id: string;
  title: string;
  /** Headings above the passage, outermost first: what follows the first ` > ` of the title. */
  headings: string[];
  body: string;
}

export interface ReadPrompt {
  /** Of the last message that has any, in its order. */
  documents: QuotedDocument[];
  question: string;
  /** Earlier questions of the user, the latest first. */
  earlier: string[];
  /** Whether the instructions speak of documents, so that none of them means that the search found none. */
  expectsDocuments: boolean;
  /** Whether the instructions want the question made into a search query, as flows do that search before they answer. */
  wantsQuery: boolean;
}

const WANTS_QUERY =
  /\b(?:rewrite|rephrase|reformulate)\b.{0,200}\b(?:search (?:query|queries|intents?)|stand-?\s?alone (?:question|query))\b/is;

// An attribute may hold a `>`, and a title whose quotes were not escaped should not hide its document.
const DOCUMENT = /<document\b((?:[^>"'\n]|"[^"\n]*"|'[^'\n]*')*|[^\n]*?)>([\s\S]*?)<\/document\s*>/gi;
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", "#34": '"' };

/** Finds the documents, the question and what was asked before in the messages of a chat. */
export function readPrompt(messages: readonly ChatMessage[]): ReadPrompt {
  let documents: QuotedDocument[] = [];
  const asked: string[] = [];
  let expectsDocuments = false;
  let wantsQuery = false;
  for (const message of messages) {
    const text = textOf(message);
    if (message.role !== "assistant") {
      const found = documentsOf(text);
      if (found.length > 0) documents = found;
      if (message.role !== "user" && /\bdocuments\b/i.test(text)) expectsDocuments = true;
      if (message.role !== "user" && WANTS_QUERY.test(text)) wantsQuery = true;
    }
    if (message.role === "user") {
      const question = questionOf(text);
      if (question !== "") asked.push(question);
    }
  }
  return {
    documents,
    question: asked.pop() ?? "",
    earlier: asked.toReversed(),
    expectsDocuments,
    wantsQuery: wantsQuery && documents.length === 0,
  };
}

function documentsOf(text: string): QuotedDocument[] {
  return Array.from(text.matchAll(DOCUMENT), ([, attributes = "", body = ""], at) => {
    const [title = "", ...headings] = (attribute(attributes, "title") ?? "").split(" > ");
    return { id: attribute(attributes, "id") ?? String(at + 1), title, headings, body };
  });
}

function attribute(attributes: string, name: string): string | undefined {
  const found = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "i").exec(attributes);
  return (found?.[1] ?? found?.[2])?.replaceAll(/&(\w+|#\d+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
}

/** A message without its documents; when a template labels the question, only what follows the label. */
function questionOf(text: string): string {
  const rest = text.replaceAll(DOCUMENT, "\n").trim();
  const labelled = /(?:^|\n)\s*#*\s*\**(?:user )?question\**\s*:\**\s*([\s\S]+)$/i.exec(rest);
  return (labelled?.[1] ?? rest).trim();
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("\n");
}
