// PDFs of East Asia may say "these codes are Shift JIS" in place of a table from codes to letters, and rest on tables of several
// megabytes that every reader has. What codes mean is known here from the encodings that the platform reads; glyphs are not
// drawn, so that the numbers between codes and letters (CIDs) need only be the same in both tables that are asked for.

type Collection = "Japan1" | "GB1" | "CNS1" | "Korea1";

/** Where the letters of a collection lie in Unicode. */
const BLOCKS: readonly (readonly [from: number, to: number])[] = [
  [0xa0, 0x5ff],
  [0x2000, 0x27bf],
  [0x2e80, 0x33ff],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xffef],
];
const FURTHER: Readonly<Record<Collection, readonly [from: number, to: number]>> = {
  Japan1: [0x3400, 0x4dbf],
  GB1: [0x3400, 0x4dbf],
  CNS1: [0x3400, 0x4dbf],
  Korea1: [0xac00, 0xd7a3],
};
/** No glyph of the collection has this number or a higher one; ours begin here. */
const FIRST: Readonly<Record<Collection, number>> = { Japan1: 32_000, GB1: 32_000, CNS1: 32_000, Korea1: 20_000 };
/** In every collection these are the glyphs of ASCII from the blank on, whose widths a font gives; some have narrow ones besides. */
const ASCII = 1;
const NARROW: Readonly<Record<Collection, number>> = { Japan1: 231, GB1: 814, CNS1: 13_648, Korea1: 8094 };

interface CodePage {
  collection: Collection;
  /** As `TextDecoder` names it; `utf-16` where codes are Unicode's own. */
  encoding: string;
  isNarrow: boolean;
  /** Codes of seven bits a byte, as in a message of the eighties. */
  isShort?: boolean;
}

/** The first that fits; without the direction at the end of the name. */
const NAMES: readonly [RegExp, CodePage][] = [
  [
    /^Uni(?:JIS|JIS2004|JISX0213|JISPro)-(?:UCS2|UTF16)(?:-HW)?$/,
    { collection: "Japan1", encoding: "utf-16", isNarrow: false },
  ],
  [/^UniGB-(?:UCS2|UTF16)$/, { collection: "GB1", encoding: "utf-16", isNarrow: false }],
  [/^UniCNS-(?:UCS2|UTF16)$/, { collection: "CNS1", encoding: "utf-16", isNarrow: false }],
  [/^UniKS-(?:UCS2|UTF16)$/, { collection: "Korea1", encoding: "utf-16", isNarrow: false }],
  [/^90msp-RKSJ$/, { collection: "Japan1", encoding: "shift_jis", isNarrow: false }],
  [/-RKSJ$/, { collection: "Japan1", encoding: "shift_jis", isNarrow: true }],
  [/^(?:78-|Ext-|Add-|)EUC$/, { collection: "Japan1", encoding: "euc-jp", isNarrow: true }],
  [/^(?:78|Ext|Add|NWP)?$/, { collection: "Japan1", encoding: "euc-jp", isNarrow: true, isShort: true }],
  [/^GBKp-EUC$/, { collection: "GB1", encoding: "gbk", isNarrow: false }],
  [/^(?:GB|GBpc|GBK)-EUC$|^GBK2K$/, { collection: "GB1", encoding: "gbk", isNarrow: true }],
  [/^GB$/, { collection: "GB1", encoding: "gbk", isNarrow: true, isShort: true }],
  [/^(?:ETenms|B5pc)-B5$|^B5pc$/, { collection: "CNS1", encoding: "big5", isNarrow: false }],
  [/-B5$/, { collection: "CNS1", encoding: "big5", isNarrow: true }],
  [/^KSCms-UHC-HW$/, { collection: "Korea1", encoding: "euc-kr", isNarrow: true }],
  [/^(?:KSC-EUC|KSCpc-EUC|KSCms-UHC)$/, { collection: "Korea1", encoding: "euc-kr", isNarrow: false }],
  [/^KSC$/, { collection: "Korea1", encoding: "euc-kr", isNarrow: false, isShort: true }],
];

/** Half of a sign that needs two: no text has it alone, so it stands for a glyph whose letter is not known. */
export const UNKNOWN_GLYPH = /[\uDC00-\uDFFF]/g;
const [FIRST_UNKNOWN, UNKNOWNS] = [0xdc00, 1024];

const made = new Map<string, Uint8Array>();

/** A table that a PDF names, as text in the form of such tables. `isKnown` is false where every code is said to be unknown. */
export function predefinedCMap(name: string): { bytes: Uint8Array; isKnown: boolean } {
  const unicode = /^Adobe-(Japan1|GB1|CNS1|Korea1)-UCS2$/.exec(name)?.[1] as Collection | undefined;
  const [, base = name, direction] = /^(.*?)-?([HV])$/.exec(name) ?? [];
  const page = NAMES.find(([form]) => form.test(base))?.[1];
  let bytes = made.get(name);
  if (!bytes) {
    const lines = unicode ? unicodeLines(unicode) : page ? codeLines(page) : UNKNOWN;
    const head = ["/CMapName", `/${name}`, "def", `/WMode ${direction === "V" ? 1 : 0} def`];
    bytes = new TextEncoder().encode([...head, ...lines, "endcmap"].join("\n"));
    made.set(name, bytes);
  }
  // The reader may take the bytes away.
  return { bytes: bytes.slice(), isKnown: unicode !== undefined || page !== undefined };
}

/** Every code of two bytes is a glyph that no table knows. */
const UNKNOWN = [
  ...codeSpace([["0000", "ffff"]]),
  "256 begincidrange",
  ...Array.from({ length: 256 }, (_, high) => `<${hex(high * 256, 4)}> <${hex(high * 256 + 255, 4)}> 1000`),
  "endcidrange",
];

/** From numbers of glyphs to UTF-16: ours, those of ASCII, and all others as unknown. */
function unicodeLines(collection: Collection): string[] {
  const ranges: string[] = [];
  const add = (from: number, to: number, unicode: number): void => {
    ranges.push(`<${hex(from, 4)}> <${hex(to, 4)}> <${hex(unicode, 4)}>`);
  };
  let cid = FIRST[collection];
  for (const [from, to] of blocksOf(collection)) {
    add(cid, cid + to - from, from);
    cid += to - from + 1;
  }
  for (let unknown = 1; unknown < FIRST[collection]; unknown += UNKNOWNS) {
    add(unknown, Math.min(unknown + UNKNOWNS, FIRST[collection]) - 1, FIRST_UNKNOWN);
  }
  for (const first of [ASCII, NARROW[collection]]) add(first, first + 0x7e - 0x20, 0x20);
  return [...codeSpace([["0000", "ffff"]]), `${ranges.length} beginbfrange`, ...ranges, "endbfrange"];
}

function blocksOf(collection: Collection): (readonly [number, number])[] {
  return [...BLOCKS, FURTHER[collection]];
}

/** From codes to our numbers of glyphs. */
function codeLines(page: CodePage): string[] {
  const { collection, encoding, isNarrow, isShort = false } = page;
  const ascii = isNarrow ? NARROW[collection] : ASCII;
  const found: [code: number, digits: number, cid: number][] = [];
  const isUnicode = encoding === "utf-16";
  const lastAscii = isShort ? 0 : 0x7e;
  for (let code = 0x20; code <= lastAscii; code++) found.push([code, isUnicode ? 4 : 2, ascii + code - 0x20]);
  const cids = cidsOf(collection);
  if (isUnicode) for (const [unicode, cid] of cids) found.push([unicode, 4, cid]);
  else {
    for (const [code, letter] of lettersOf(encoding)) {
      const cid = cids.get(letter);
      if (cid !== undefined && (!isShort || isPair(code)))
        found.push([isShort ? code & 0x7f7f : code, code > 0xff ? 4 : 2, cid]);
    }
  }
  const ranges: string[] = [];
  for (let first = 0; first < found.length;) {
    let next = first + 1;
    // Neighbours in one row of the table.
    while (found[next] && isNext(found[next - 1]!, found[next]!)) next += 1;
    const [code, digits, cid] = found[first]!;
    ranges.push(`<${hex(code, digits)}> <${hex(found[next - 1]![0], digits)}> ${cid}`);
    first = next;
  }
  return [...codeSpace(spaceOf(page)), `${ranges.length} begincidrange`, ...ranges, "endcidrange"];
}

function isNext([code, , cid]: readonly number[], [nextCode, , nextCid]: readonly number[]): boolean {
  return nextCode === code! + 1 && nextCid === cid! + 1 && nextCode >> 8 === code! >> 8;
}

/** Both bytes of the code are above those of ASCII. */
function isPair(code: number): boolean {
  return (code & 0x8080) === 0x8080;
}

function cidsOf(collection: Collection): Map<number, number> {
  const cids = new Map<number, number>();
  let cid = FIRST[collection];
  for (const [from, to] of blocksOf(collection))
    for (let unicode = from; unicode <= to; unicode++) cids.set(unicode, cid++);
  return cids;
}

/** The codes of an encoding besides ASCII that are a single letter. */
function lettersOf(encoding: string): Map<number, number> {
  const decoder = new TextDecoder(encoding);
  const letters = new Map<number, number>();
  const add = (code: number, bytes: readonly number[]): void => {
    const text = decoder.decode(Uint8Array.from(bytes));
    if (text.length === 1 && text !== "\uFFFD") letters.set(code, text.charCodeAt(0));
  };
  for (let high = 0x80; high <= 0xff; high++) {
    add(high, [high]);
    if (letters.has(high)) continue;
    for (let low = 0x40; low <= 0xfe; low++) add(high * 256 + low, [high, low]);
  }
  return letters;
}

function spaceOf({ encoding, isShort }: CodePage): (readonly [string, string])[] {
  if (isShort) return [["2121", "7e7e"]];
  if (encoding === "utf-16") {
    return [
      ["0000", "d7ff"],
      ["d800dc00", "dbffdfff"],
      ["e000", "ffff"],
    ];
  }
  const single = ["00", "80"] as const;
  if (encoding !== "shift_jis") return [single, ["8140", "fefe"]];
  return [single, ["8140", "9ffc"], ["a0", "df"], ["e040", "fcfc"]];
}

function codeSpace(ranges: readonly (readonly [string, string])[]): string[] {
  return [
    `${ranges.length} begincodespacerange`,
    ...ranges.map(([from, to]) => `<${from}> <${to}>`),
    "endcodespacerange",
  ];
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
