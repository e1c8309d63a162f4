// Words as they are compared: lower case, without accents, stemmed, and with a few that mean nearly the same.

import { newStemmer } from "snowball-stemmers";

const stemmer = newStemmer("english");
const stems = new Map<string, string>();
const STEMS_KEPT = 20_000;

/** The stem of one word in any case. */
export function stemOf(word: string): string {
  const plain = word
    .normalize("NFKD")
    .replaceAll(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .replace(/['’]s?$/, "");
  let stem = stems.get(plain);
  if (stem === undefined) {
    stem = /^[a-z]+$/.test(plain) ? stemmer.stem(plain) : plain;
    if (stems.size >= STEMS_KEPT) stems.clear();
    stems.set(plain, stem);
  }
  return stem;
}

/** The words of a text in order, as stems; `part-time` gives two, `1,000` and `2.5` give one each. */
export function stemsOf(text: string): string[] {
  return (text.match(/\d+(?:[.,:]\d+)*|[\p{L}\p{M}\d]+(?:['’]\p{L}+)?/gu) ?? []).map((word) =>
    /^\d/.test(word) ? word.replaceAll(",", "").toLowerCase() : stemOf(word),
  );
}

const STOP = new Set(
  (
    "a about above after again all also am an and any are as ask at be been before being below between both but by can " +
    "could did do does doing down during each few for from further had has have having he her here hers him his how i " +
    "if in into is it its itself just let like many me might more most much must my need no nor not now of off on once " +
    "only or other our ours out over own please same say says shall she should so some such tell than that the their " +
    "theirs them then there these they this those through to too under until up upon us very want was we were what " +
    "when where which while who whom whose why will with would you your yours whats explain describe know give find " +
    "mean does get gets got happen happens happened exactly actually usually there's what's i'm i'd hello hi thanks thank " +
    "policy policies rule rules allowed allow possible may there been ok okay"
  )
    .split(" ")
    .map(stemOf),
);

/** Words that say little about what is asked, but are better than nothing. */
const WEAK = new Set(
  (
    "company employee employees staff people person use using used make take go come day days week " +
    "weeks month months year years time hour hours minute minutes number amount long maximum minimum per new new one " +
    "long often old first last set offer offered provide available eligible entitled receive require required early " +
    "late soon far fast big large much many kind type way thing things anything something friend work works working worker"
  )
    .split(" ")
    .map(stemOf),
);

/** Words that are function words everywhere, so that nothing can be found by them. */
export function isStopWord(stem: string): boolean {
  return STOP.has(stem);
}

export function isWeakWord(stem: string): boolean {
  return WEAK.has(stem);
}

const GROUPS = [
  "vacation holiday leave pto",
  "pay salary wage compensation remuneration earn",
  "pay reimburse cover cost fund",
  "abroad foreign overseas country international",
  "furniture desk chair",
  "first one",
  "second two",
  "bring need take require",
  "fit capacity hold volume contain",
  "report tell inform notify",
  "stay remain",
  "choose select pick",
  "repair fix mend",
  "store keep save retain retention",
  "delete remove erase wipe",
  "increase raise grow",
  "allow permit may can possible",
  "forbid prohibit ban not never",
  "office workplace site",
  "customer client buyer",
  "colleague friend somebody",
  "smoke smoking cigarette",
  "tired rest break pause",
  "power watt electricity voltage",
  "loud noise sound decibel",
  "waterproof water resistant splash",
  "temperature hot cold degree",
  "connect pair connection link",
  "update upgrade version firmware",
  "discount rebate reduction",
  "subscription plan licence license",
  "insurance insured cover coverage",
  "cost price fee charge cheap expensive",
  "phone telephone call hotline",
  "laptop computer notebook",
  "sick sickness ill illness unwell",
  "parental maternity paternity baby birth newborn mother father",
  "remote remotely home telework",
  "refund reimburse reimbursement repay money back",
  "return exchange send",
  "expire lapse forfeit valid",
  "warranty guarantee",
  "buy purchase order",
  "boss manager supervisor lead",
  "dismiss dismissal fire terminate termination",
  "quit resign resignation notice leave",
  "travel trip journey flight",
  "expense spend spending claim",
  "begin start commence",
  "end finish stop",
  "child kid children",
  "doctor medical physician",
  "contact reach email mail write",
  "password credential passphrase",
  "error fault failure problem issue",
  "carry carried transfer rollover left leftover unused remain",
  "limit maximum cap most max",
  "minimum least min",
  "weight weigh heavy heavi heavier heaviest light lightest kilogram kg load",
  "battery charge runtime",
  "size dimension measure big large",
  "learn learning train training course education development",
  "car vehicle drive",
  "hotel accommodation lodging overnight night",
  "meal food lunch dinner breakfast",
  "bike bicycle cycling",
  "request apply application submit",
  "approve approval authorise authorize permission sign",
  "replace swap change",
  "clean cleaning wash rinse",
  "reset restart reboot",
  "support help helpdesk service assistance",
  "probation trial",
  "pension retirement",
  "referral refer recommend",
  "document receipt invoice certificate note proof",
  "arrive deliver delivery ship shipping shipment dispatch",
  "secure security safe safety",
  "lose lost stolen missing theft",
  "colour color",
  "found establish founded",
  "emergency fire alarm evacuation",
].map((group) => group.split(" ").map(stemOf));

const groupsOf = new Map<string, Set<number>>();
for (const [at, group] of GROUPS.entries()) {
  for (const stem of group) {
    const known = groupsOf.get(stem) ?? new Set();
    groupsOf.set(stem, known.add(at));
  }
}

const LIKENESSES_KEPT = 200_000;
let likenessCount = 0;
const likenesses = new Map<string, Map<string, number>>();

/** How well one stem of a text answers to one of the question, from 0 to 1. */
export function likeness(asked: string, found: string): number {
  if (asked === found) return 1;
  let known = likenesses.get(asked);
  if (!known) {
    known = new Map();
    likenesses.set(asked, known);
  }
  let like = known.get(found);
  if (like === undefined) {
    like = compare(asked, found);
    known.set(found, like);
    if (++likenessCount >= LIKENESSES_KEPT) {
      likenesses.clear();
      likenessCount = 0;
    }
  }
  return like;
}

function compare(asked: string, found: string): number {
  if (sharesStart(asked, found)) return 0.75;
  const groups = groupsOf.get(asked);
  if (!groups) return 0;
  for (const group of groupsOf.get(found) ?? []) if (groups.has(group)) return 0.6;
  return 0;
}

/** `timer` and `time`, `reimburs` and `reimbursement`: what the stemmer keeps apart. */
function sharesStart(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length < 4 || /\d/.test(long)) return false;
  if (long.startsWith(short)) return long.length - short.length <= (short.length > 5 ? 5 : 2);
  return short.length >= 7 && long.startsWith(short.slice(0, -1)) && long.length - short.length <= 2;
}
