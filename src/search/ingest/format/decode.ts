import { FlowsteadError } from "../../../base/error/error.ts";
import { legacyEncoding } from "./legacy-encoding.ts";

export interface DecodedText {
  text: string;
  /** What had to be guessed, for the report. */
  note?: string;
}

// Where Latin-1 has control characters, Windows-1252 has these; Node 20 decodes the one as the other.
const WESTERN = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

/** With the quotation marks, dashes and euros of Windows-1252 in place of control characters, which no text means. */
export function westernSigns(text: string): string {
  return text.replaceAll(/[\u0080-\u009f]/g, (sign) => WESTERN.charAt(sign.charCodeAt(0) - 0x80));
}

/** Undefined when nothing is known of that encoding. */
export function decodeAs(bytes: Uint8Array, charset: string): string | undefined {
  try {
    const decoder = new TextDecoder(charset);
    const text = decoder.decode(bytes);
    return decoder.encoding === "windows-1252" ? westernSigns(text) : text;
  } catch {
    return undefined;
  }
}

/** Whether the bytes say more of their encoding than a name beside them: by a mark, or by signs that are UTF-8, which no other text is by chance. */
export function tellsEncoding(bytes: Uint8Array): boolean {
  return byMark(bytes) !== undefined || (bytes.some((byte) => byte >= 0x80) && isUtf8(bytes));
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Bytes to text: by byte order mark, else UTF-8, else UTF-16 by its zeros, else by the signs it is full of, else Windows-1252. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const marked = byMark(bytes);
  if (marked !== undefined) return { text: marked };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    refuseBinary(text);
    return { text };
  } catch (thrown) {
    if (thrown instanceof FlowsteadError && !looksUtf16(bytes)) throw thrown;
  }
  const wide = looksUtf16(bytes);
  const encoding = wide ?? legacyEncoding(bytes) ?? "windows-1252";
  const text = decodeAs(bytes, encoding)!;
  refuseBinary(text);
  return { text, note: `read as ${encoding === "windows-1252" ? "Windows-1252 (Latin-1)" : encoding.toUpperCase()}` };
}

/** Text that begins with a byte order mark. @throws FlowsteadError `DocumentDamaged` for UTF-32. */
export function byMark(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff)) {
    throw new FlowsteadError("DocumentDamaged", "It is text in UTF-32, which is not read. Save it as UTF-8.");
  }
  if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder("utf-8").decode(bytes);
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return undefined;
}

/** Western text in UTF-16 has a zero in nearly every second place, always on the same side. */
function looksUtf16(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const looked = Math.min(bytes.length - (bytes.length % 2), 4096);
  if (looked < 4) return undefined;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < looked; at += 2) {
    if (bytes[at] === 0) even += 1;
    if (bytes[at + 1] === 0) odd += 1;
  }
  const pairs = looked / 2;
  if (odd > pairs * 0.7 && even < pairs * 0.05) return "utf-16le";
  if (even > pairs * 0.7 && odd < pairs * 0.05) return "utf-16be";
  return undefined;
}

// Control characters that text has no use for; tab, line feed, form feed, carriage return and escape do occur.
const CONTROL = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f\u007f\u0080-\u009f\ufffe]/g; // oxlint-disable-line no-control-regex

function refuseBinary(text: string): void {
  const looked = text.slice(0, 65_536);
  const odd = looked.match(CONTROL)?.length ?? 0;
  if (looked.includes("\u0000") || odd > looked.length * 0.02) {
    throw new FlowsteadError("DocumentDamaged", "It is not text: it holds bytes that no text encoding has.");
  }
}
