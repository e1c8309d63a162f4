import PostalMime, { type Address } from "postal-mime";
import { FlowsteadError } from "../../../base/error/error.ts";
import { DocumentBuilder } from "./document-builder.ts";
import type { ParsedDocument } from "../document.ts";
import { MEDIA_TYPES } from "../format.ts";
import { decodeAs, isUtf8, westernSigns } from "./decode.ts";
import { readHtml } from "./html.ts";
import { legacyEncoding } from "./legacy-encoding.ts";
import type { IngestLimits } from "../limit.ts";

const LIMITS = { maxNestingDepth: 50, maxHeadersSize: 1024 * 1024 };

/** A message: who wrote it to whom and when, its text, and the names of what is attached, which is not read.
 * @throws FlowsteadError `DocumentDamaged`, `DocumentEmpty` or `DocumentTooLarge`. */
export async function parseEmail(bytes: Uint8Array, name: string, limits: IngestLimits): Promise<ParsedDocument> {
  const builder = new DocumentBuilder(limits);
  await addMessage(bytes, name, builder);
  return builder.finish(MEDIA_TYPES.email, name);
}

/** Messages forwarded in messages are read, so many deep. */
const DEEPEST = 4;

async function addMessage(
  bytes: Uint8Array | string | ArrayBuffer,
  name: string,
  builder: DocumentBuilder,
  depth = 1,
): Promise<void> {
  const message = await PostalMime.parse(asUtf8(bytes), LIMITS).catch((thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FlowsteadError("DocumentDamaged", `The message cannot be read: ${reason}`, { cause: thrown });
  });
  const { from, to = [], cc = [], date, attachments } = message;
  const subject = westernSigns(message.subject ?? "");
  const html = westernSigns(message.html ?? "");
  const text = westernSigns(message.text ?? "");
  builder.title(subject);
  builder.heading(depth, subject || name);
  const head: [string, string][] = [
    ["From", from ? people([from]) : ""],
    ["To", people(to)],
    ["Cc", people(cc)],
    ["Date", date ?? ""],
  ];
  const lines = head.filter(([, value]) => value !== "").map(([key, value]) => `${key}: ${value}`);
  if (lines.length === 0 && subject === "") {
    throw new FlowsteadError("DocumentDamaged", "It has none of the lines that a message begins with.");
  }
  builder.paragraph(lines.join("\n"));
  // The page shows what the writer wrote with its tables and lists; the plain text is often made from it.
  if (html.trim() !== "") readHtml(html, builder);
  else for (const paragraph of text.replaceAll("\r\n", "\n").split(/\n\s*\n/)) builder.paragraph(paragraph);
  const isMessage = ({ mimeType }: { mimeType: string }): boolean => mimeType === "message/rfc822" && depth < DEEPEST;
  const unread = attachments.filter((one) => !isMessage(one));
  if (unread.length > 0) {
    const names = unread.map(({ filename, mimeType }) => `${filename ?? "unnamed"} (${mimeType})`);
    builder.paragraph(`Attachments: ${names.join(", ")}`);
    builder.note(`${unread.length} attached ${unread.length === 1 ? "file was" : "files were"} not read`);
  }
  for (const { content, filename } of attachments.filter(isMessage)) {
    await addMessage(content, filename ?? "Forwarded message", builder, depth + 1);
  }
}

/** Programs of old sent the signs of their language as they were, and did not say which. */
function asUtf8(bytes: Uint8Array | string | ArrayBuffer): Uint8Array | string | ArrayBuffer {
  if (!(bytes instanceof Uint8Array) || isUtf8(bytes)) return bytes;
  const text = decodeAs(bytes, legacyEncoding(bytes) ?? "windows-1252");
  return text === undefined || /charset\s*=/i.test(text) ? bytes : new TextEncoder().encode(text);
}

function people(addresses: readonly Address[]): string {
  return addresses
    .flatMap((one) => (one.group ? one.group : [one]))
    .map(({ name, address }) => (name && address ? `${name} <${address}>` : (address ?? name)))
    .join(", ");
}
