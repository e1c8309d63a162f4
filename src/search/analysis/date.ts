// Days and months as texts write them, in one form, so that `2024-03-02` and `March 2, 2024` are the same day.

import type { Span } from "./span.ts";

/** What a text leaves open is undefined. */
export interface TextDate extends Span {
  year: number | undefined;
  month: number;
  day: number | undefined;
}

const MONTHS = [
  "january|jan|januar|jänner|janvier|enero|gennaio",
  "february|feb|februar|février|febrero|febbraio",
  "march|mar|märz|mars|marzo",
  "april|apr|avril|abril|aprile",
  "may|mai|mayo|maggio",
  "june|jun|juni|juin|junio|giugno",
  "july|jul|juli|juillet|julio|luglio",
  "august|aug|août|agosto",
  "september|sept|sep|septembre|septiembre|settembre",
  "october|oct|oktober|okt|octobre|octubre|ottobre",
  "november|nov|novembre|noviembre",
  "december|dec|dezember|dez|décembre|diciembre|dicembre",
];
const MONTH = `(?<month>${MONTHS.join("|")})\\.?`;
const DAY = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th|er|\.)?`;
const YEAR = String.raw`(?<year>(?:19|20)\d\d)`;
const OF = "(?:\\s+(?:of|de|di))?\\s+";
const START = String.raw`(?<![\p{L}\p{N}])`;
const END = String.raw`(?![\p{L}\p{N}])`;

const FORMS = [
  String.raw`${YEAR}-(?<month>\d\d)-(?<day>\d\d)`,
  String.raw`(?<day>\d{1,2})\.\s?(?<month>\d{1,2})\.\s?${YEAR}`,
  `${DAY}${OF}${MONTH}(?:,?${OF}${YEAR})?`,
  `${MONTH}\\s+${DAY},?\\s+${YEAR}`,
  `${MONTH}\\s+${YEAR}`,
  `${MONTH}\\s+${DAY}`,
].map((form) => new RegExp(START + form + END, "giu"));

/** In the order of their forms; those with words for months in English, German, French, Spanish and Italian. */
export function datesIn(text: string): TextDate[] {
  const found: TextDate[] = [];
  for (const form of FORMS) {
    for (const match of text.matchAll(form)) {
      const { year, month = "", day } = match.groups as Partial<Record<"year" | "month" | "day", string>>;
      const [start, end] = [match.index, match.index + match[0].length];
      // Verbs are months only with a capital.
      if (/^(?:may|march)$/.test(month)) continue;
      if (found.some((other) => start < other.end && other.start < end)) continue;
      const date = { start, end, year: numberOf(year), month: monthOf(month), day: numberOf(day) };
      if (date.month >= 1 && date.month <= 12 && (date.day ?? 1) <= 31) found.push(date);
    }
  }
  return found;
}

/** Whether both may be the same day; what one of them leaves open is no difference. */
export function isSameDate(one: TextDate, other: TextDate): boolean {
  const agrees = (a: number | undefined, b: number | undefined): boolean =>
    a === undefined || b === undefined || a === b;
  return one.month === other.month && agrees(one.year, other.year) && agrees(one.day, other.day);
}

function monthOf(text: string): number {
  if (/^\d/.test(text)) return Number(text);
  return MONTHS.findIndex((names) => names.split("|").includes(text.toLowerCase())) + 1;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
