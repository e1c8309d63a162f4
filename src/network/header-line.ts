import { HEADER_NAME, HEADER_VALUE } from "./http-answer.ts";

/** The last line of each name: most headers say the same at every call. */
const lately = new Map<string, { value: string; line: string }>();
const MOST_NAMES = 500;

/** A header as it goes on the wire. @throws TypeError for one that would break the head. */
export function headerLine(name: string, value: string): string {
  const last = lately.get(name);
  if (last?.value === value) return last.line;
  if (!(last || HEADER_NAME.test(name)) || !HEADER_VALUE.test(value))
    throw new TypeError(`The header ${JSON.stringify(name)} holds characters that a header cannot.`);
  const line = `${name}: ${value}\r\n`;
  if (last) {
    last.value = value;
    last.line = line;
  } else if (lately.size < MOST_NAMES) lately.set(name, { value, line });
  return line;
}
