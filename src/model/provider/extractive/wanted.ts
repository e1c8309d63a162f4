// What kind of answer a question wants, and by which signs a sentence shows that it has one.

/** What kind of thing would answer. */
export type Wanted =
  | "number"
  | "money"
  | "date"
  | "duration"
  | "person"
  | "contact"
  | "place"
  | "steps"
  | "permission"
  | "definition"
  | "mass"
  | "size"
  | "temperature"
  | "speed";

const HINTS: [Wanted, RegExp][] = [
  [
    "money",
    /\bhow much (?:money|does|do|is|are|will|can|may|do i|would|of a|bonus|allowance)|\b(?:costs?|price|fee|budget|salary|allowance|bonus|limit for)\b|[€$£]/i,
  ],
  [
    "number",
    /\bhow (?:many|much|old|far|fast|high|heavy|large|big|hot|often|deep|wide|tall|loud)\b|\b(?:number|percent(?:age)?|capacity|maximum|minimum|limit|rate|size|weight|temperature|pressure|speed|voltage|version)\b|%/i,
  ],
  [
    "duration",
    /\bhow (?:long|soon|quickly|fast|early|late|often|frequently)\b|\b(?:period|duration|deadline)\b|\b(?:does|do|will|can)\b.*\blast\b(?! (?:year|month|week))/i,
  ],
  [
    "date",
    /\bwhen\b|\bwhat (?:time|day|date|year|month)\b|\bwhich (?:day|date|year|month)\b|\b(?:deadline|by what|until)\b/i,
  ],
  ["person", /\bwho(?:m|se)?\b|\bwhich (?:person|team|department|role)\b/i],
  ["contact", /\b(?:e-?mail|phone|telephone|call|contact|address|reach|number|website|url|extension|hotline)\b/i],
  ["place", /\bwhere\b|\bwhich (?:office|city|country|room|floor|building)\b/i],
  ["steps", /\bhow (?:do|can|should|to|does one|must)\b|\bsteps?\b/i],
  ["permission", /^\s*(?:can|may|am|is|are|do|does|must|should|will)\b|\ballowed\b/i],
  ["mass", /\b(?:heav(?:y|ier|iest)|weighs?|weight|load)\b/i],
  ["size", /\b(?:size|dimensions?|wide|tall|high is|deep|large is|big is|height|width|diameter)\b/i],
  ["temperature", /\b(?:temperatures?|hot|warm|cold)\b/i],
  ["speed", /\b(?:speed|fast|wind|gusts?)\b/i],
  ["definition", /^\s*what(?:'s| is| are| does)\b|\bmean(?:s|ing)?\b|^\s*(?:define|explain)\b/i],
];

/** Empty when the question does not say. */
export function wantedBy(text: string): Set<Wanted> {
  return new Set(HINTS.filter(([, hint]) => hint.test(text)).map(([wanted]) => wanted));
}

const NUMBER_WORD =
  "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|half|once|twice)";
const SIGNS: Record<Wanted, RegExp> = {
  number: new RegExp(`\\d|\\b${NUMBER_WORD}\\b`, "i"),
  money: /[€$£]\s?\d|\d[\d.,]*\s?(?:€|\$|£|EUR|USD|GBP|CHF|euros?|dollars?|pounds?|%|percent|cents?)/i,
  date: /\b(?:\d{1,2}[:.]\d{2}|\d{1,2}\s?(?:am|pm|a\.m|p\.m)|(?:19|20)\d{2}|jan(?:uary)?|feb(?:ruary)?|\d{1,2}\.?\s+(?:march|may)|(?:in|of|until|by)\s+(?:march|may)|(?:march|may)\s+\d|april|june|july|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|monday|tuesday|wednesday|thursday|friday|saturday|sunday|noon|midnight|\d+(?:st|nd|rd|th)|within|day|quarter|first|second|third|fourth|fifth|last)\b/i,
  duration: new RegExp(
    `(?:\\d|\\b${NUMBER_WORD}\\b)[^.]{0,20}?\\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\\b|\\b(?:daily|weekly|monthly|yearly|annually|every|once|twice)\\b`,
    "i",
  ),
  person:
    /@|\b(?:team|manager|head|director|officer|department|lead|desk|partner|representative|chief|chair|owner|engineer|hr|ceo|cfo|cto)\b|(?:\p{Lu}\p{Ll}+\s){1,}\p{Lu}\p{Ll}+/iu,
  contact: /@|https?:|www\.|\b\d{3,}\b|\+\d/,
  place: /\b(?:at|in|on|under|behind|near|next to|room|floor|building|street|office|portal|page|menu|tab|settings)\b/i,
  steps:
    /^(?:\p{Lu}\p{Ll}+ (?:the|a|an|your|and|to|in|on|it)\b|(?:press|hold|open|click|select|go|send|submit|fill|enter|choose|sign|ask|contact|use|turn|remove|insert|book|report|log|apply|write|request)\b)/iu,
  permission:
    /\b(?:may|can|must|not|allowed|permitted|entitled|only|never|cannot|eligible|required|need|never|free)\b/i,
  mass: /\d\s?(?:kg|g|grams?|kilograms?|lbs?|pounds?|tonnes?|oz)\b/i,
  size: /\d\s?(?:cm|mm|m|km|inch(?:es)?|ft|feet|metres?|meters?|litres?|l)\b|\d\s?[x×]\s?\d/i,
  temperature: /\d\s?°/,
  speed: /\d\s?(?:km\/h|mph|m\/s|knots?|kn)\b/i,
  definition: /^\S+(?:\s\S+){0,6}?\s(?:is|are|means|refers|stands|describes|was)\b|^[^:]{2,40}:\s/i,
};
const WEIGHT: Partial<Record<Wanted, number>> = {
  mass: 0.35,
  size: 0.35,
  temperature: 0.35,
  speed: 0.35,

  definition: 0.1,
  permission: 0.1,
  place: 0.1,
  steps: 0.1,
  person: 0.15,
};

/** How much a text gains by having what is wanted, 0 when it has not; the sign that fits best counts. */
export function answerBonus(text: string, wanted: ReadonlySet<Wanted>): number {
  let best = 0;
  for (const kind of wanted) if (SIGNS[kind].test(text)) best = Math.max(best, WEIGHT[kind] ?? 0.25);
  return best;
}
