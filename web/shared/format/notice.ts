/** What the server says about its model, laid out: a first sentence to be seen, the rest of the statement, the remedy. */
export interface NoticeText {
  lead: string;
  rest: string;
  /** From the sentence on that names a setting. */
  remedy: string;
}

const SETTING = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/;
const PLAIN = "No language model is configured.";

/** That no language model answers is said once, and always: in the server's words, else in ours. */
export function noticeText(text: string): NoticeText {
  const sentences = text
    .trim()
    .split(/(?<=[.!?])\s+/)
    .filter(Boolean);
  const found = sentences.findIndex((sentence) => SETTING.test(sentence));
  const remedyAt = found < 0 ? sentences.length : found;
  const statement = sentences.slice(0, remedyAt);
  if (!/language model/i.test(statement.join(" "))) statement.unshift(PLAIN);
  const [lead = PLAIN, ...rest] = statement;
  return { lead, rest: rest.join(" "), remedy: sentences.slice(remedyAt).join(" ") };
}

/** A text in pieces: names of environment variables, and what stands between them. */
export function withSettings(text: string): { text: string; isSetting: boolean }[] {
  return text
    .split(new RegExp(`(${SETTING.source})`))
    .map((piece, at) => ({ text: piece, isSetting: at % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}
