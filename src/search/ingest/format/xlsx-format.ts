// Numbers in a workbook are shown through formats: the same 45678 is a date in one cell and an amount in the next.

import { readXml } from "./xml.ts";

export interface CellFormats {
  /** A number as people see it in a cell of this style. */
  show(value: string, style: number): string;
}

// The formats that every workbook has without naming them.
const BUILT_IN: Readonly<Record<number, string>> = {
  1: "0",
  2: "0.00",
  3: "#,##0",
  4: "#,##0.00",
  9: "0%",
  10: "0.00%",
  14: "yyyy-mm-dd",
  15: "d-mmm-yy",
  16: "d-mmm",
  17: "mmm-yy",
  18: "h:mm AM/PM",
  19: "h:mm:ss AM/PM",
  20: "h:mm",
  21: "h:mm:ss",
  22: "m/d/yy h:mm",
  45: "mm:ss",
  46: "[h]:mm:ss",
  47: "mm:ss.0",
};

export function readFormats(xml: string | undefined, since1904: boolean): CellFormats {
  const codes = new Map<number, string>();
  const styles: number[] = [];
  let inCells = false;
  if (xml !== undefined) {
    readXml(xml, {
      open(name, attributes) {
        if (name === "numFmt") codes.set(Number(attributes["numFmtId"]), attributes["formatCode"] ?? "");
        else if (name === "cellXfs") inCells = true;
        else if (name === "xf" && inCells) styles.push(Number(attributes["numFmtId"] ?? 0));
      },
      close(name) {
        if (name === "cellXfs") inCells = false;
      },
    });
  }
  const kinds = new Map<number, Shown>();
  const kindOf = (style: number): Shown => {
    const known = kinds.get(style);
    if (known) return known;
    const id = styles[style] ?? 0;
    const kind = shownBy(codes.get(id) ?? BUILT_IN[id] ?? "General");
    kinds.set(style, kind);
    return kind;
  };
  return {
    show(value, style) {
      const number = Number(value);
      if (value.trim() === "" || !Number.isFinite(number)) return value;
      const kind = kindOf(style);
      if (kind.is === "time") return moment(number, kind, since1904) ?? plain(number);
      if (kind.is === "number") return fixed(number, kind);
      return plain(number);
    },
  };
}

type Shown =
  | { is: "general" }
  | { is: "number"; digits: number; decimals: number; percent: boolean; before: string; after: string }
  | { is: "time"; date: boolean; clock: boolean };

/** What a format code means for positive numbers; groups of thousands are not shown, so that amounts are found. */
function shownBy(code: string): Shown {
  const first = code.split(";")[0] ?? "";
  const bare = first.replaceAll(/"[^"]*"|\\.|_.|\*./g, "").replaceAll(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "");
  if (/general/i.test(bare) || bare.includes("@")) return { is: "general" };
  if (/[ymdhs]/i.test(bare)) {
    const clock = /[hs]/i.test(bare);
    return { is: "time", date: /[yd]/i.test(bare) || !clock, clock };
  }
  if (!/[0#?]/.test(bare) || /[eE][+-]|\//.test(bare)) return { is: "general" };
  const shape = first.replaceAll(/"[^"]*"|\\.|_.|\*./g, (literal) => " ".repeat(literal.length));
  const from = shape.search(/[0#?]/);
  const to = shape.search(/[0#?][^0#?]*$/) + 1;
  const before = literals(first.slice(0, from));
  const after = literals(first.slice(to));
  const digits = /^[0#,]+/.exec(bare.slice(bare.search(/[0#]/)))?.[0].replaceAll(/[^0]/g, "").length ?? 1;
  return {
    is: "number",
    digits,
    decimals: /\.([0#?]+)/.exec(bare)?.[1]?.length ?? 0,
    percent: bare.includes("%"),
    before,
    after: after === "" ? "" : ` ${after}`,
  };
}

/** The words and signs that a format puts beside a number: quoted, escaped, or a currency's. */
function literals(format: string): string {
  const found = format.matchAll(/"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|([$€£¥])/g);
  return Array.from(found, ([, quoted, escaped, currency, sign]) => quoted ?? escaped ?? currency ?? sign ?? "")
    .join("")
    .trim();
}

function fixed(number: number, { digits, decimals, percent, before, after }: Extract<Shown, { is: "number" }>): string {
  const rounded = (percent ? number * 100 : Math.abs(number)).toFixed(Math.min(decimals, 15));
  if (percent) return `${rounded}%`;
  // Part numbers and postal codes begin with zeros that only the format has.
  const text =
    digits > 1 ? rounded.padStart(digits + rounded.length - rounded.replace(/\..*/, "").length, "0") : rounded;
  return `${number < 0 ? "-" : ""}${before}${text}${after}`;
}

/** Fifteen digits are what a workbook keeps; the rest is what binary fractions leave. */
function plain(number: number): string {
  return String(Number(number.toPrecision(15)));
}

const DAY_MS = 86_400_000;

/** Days since 1900 or 1904 as an ISO date and time. */
function moment(
  days: number,
  { date, clock }: { date: boolean; clock: boolean },
  since1904: boolean,
): string | undefined {
  if (!date) {
    const seconds = Math.round(Math.abs(days) * 86_400);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    return parts.map((part) => String(part).padStart(2, "0")).join(":");
  }
  if (days < 0 || days > 2_958_466) return undefined;
  // Lotus took 1900 for a leap year, and every workbook since then does: days before that one count differently.
  const epoch = since1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, days < 60 ? 31 : 30);
  const iso = new Date(epoch + Math.round((days * DAY_MS) / 1000) * 1000).toISOString();
  return clock ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso.slice(0, 10);
}
