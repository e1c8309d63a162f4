// Encodings from before Unicode do not say which one they are. In each language a few signs make up most of a text: the
// encoding under which most of them come about is taken.

interface Candidate {
  encoding: string;
  /** Signs that a text is full of. */
  frequent: string;
  /** The share of all signs beyond ASCII that they have at least. */
  least: number;
}

const HAN =
  "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小心多天而能好都然没日";
const TRADITIONAL =
  "的一是不了在人有我他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小心多天而能好都然沒日";
const KANA = "のにはをたがでとしれさいるかなこれもすましてんあうきくそちっつのよらりろンスルトラクリア";
const HANGUL = "이다는을를에의가은한고하지로사기도서리인어니그나자해아과있대시수일으스정들라만게했보";

const CANDIDATES: readonly Candidate[] = [
  { encoding: "shift_jis", frequent: KANA, least: 0.25 },
  { encoding: "euc-jp", frequent: KANA, least: 0.25 },
  { encoding: "gb18030", frequent: HAN, least: 0.1 },
  { encoding: "big5", frequent: TRADITIONAL, least: 0.1 },
  { encoding: "euc-kr", frequent: HANGUL, least: 0.25 },
  { encoding: "windows-1251", frequent: "оеаинтсрвл", least: 0.45 },
  { encoding: "koi8-r", frequent: "оеаинтсрвл", least: 0.45 },
  { encoding: "windows-1253", frequent: "αοιεντσρηυς", least: 0.45 },
  { encoding: "windows-1255", frequent: "יוהלאמרתבש", least: 0.45 },
  { encoding: "windows-1256", frequent: "اليمنورتبة", least: 0.45 },
];

const LOOKED_AT = 32_768;
/** Of the letters, beyond ASCII; in a text of the west they are few. */
const FEWEST = 0.4;
/** A word or two may look like anything. */
const FEWEST_KINDS = 4;

/** The encoding that a text without a mark is written in, when it is none of the west. */
export function legacyEncoding(bytes: Uint8Array): string | undefined {
  const front = bytes.subarray(0, LOOKED_AT);
  let high = 0;
  let ascii = 0;
  for (const byte of front) {
    if (byte >= 0x80) high += 1;
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) ascii += 1;
  }
  if (high < (high + ascii) * FEWEST) return undefined;
  let best: string | undefined;
  let most = 1;
  for (const { encoding, frequent, least } of CANDIDATES) {
    const likeness = shareOf(front, encoding, new Set(frequent)) / least;
    if (likeness >= most) [best, most] = [encoding, likeness];
  }
  return best;
}

function shareOf(bytes: Uint8Array, encoding: string, frequent: ReadonlySet<string>): number {
  let text: string;
  try {
    // The front may end within a sign.
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return 0;
  }
  const kinds = new Set<string>();
  let found = 0;
  let all = 0;
  for (const sign of text) {
    if (sign < "\u0080") continue;
    all += 1;
    if (!frequent.has(sign)) continue;
    found += 1;
    kinds.add(sign);
  }
  return kinds.size < FEWEST_KINDS ? 0 : found / all;
}
