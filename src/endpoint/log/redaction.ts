// Keeps secrets out of what is written down: by their form, and by their value where it is known.

const MASK = "******";
/** Shorter values are words that stand in many places. */
const SHORTEST = 8;
const FORMS: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${MASK}`],
  [/\b(sk|pk|rk)-[A-Za-z0-9_-]{16,}/g, MASK],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, MASK],
  [
    /("?\b(?:api[-_]?key|x-api-key|authorization|password|passwd|secret|client_secret|access_token|account_?key)\b"?\s*[:=]\s*"?)[^\s",;&}]{4,}/gi,
    `$1${MASK}`,
  ],
];

export type Redact = (text: string) => string;

/** @param known values that must not be seen, asked at every use so that new ones count */
export function redactor(known: () => Iterable<string>): Redact {
  return (text) => {
    let clean = text;
    for (const value of known()) if (value.length >= SHORTEST) clean = clean.replaceAll(value, MASK);
    for (const [form, mask] of FORMS) clean = clean.replace(form, mask);
    return clean;
  };
}
