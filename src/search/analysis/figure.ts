// Figures of a text in one form, and what they count.

const NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");

/** Names of one unit, by itself; the languages are English, German, French, Spanish and Italian. */
const UNITS: readonly string[] = [
  "seconds?|secs?|sekunden?|secondes?|segundos?|secondi",
  "minutes?|mins?|minuten?|minutos?|minuti",
  "hours?|hrs?|h|stunden?|heures?|horas?|ore",
  "days?|tage?n?|jours?|días?|giorni",
  "weeks?|wochen?|semaines?|semanas?|settimane",
  "months?|monate?n?|mois|mes|meses|mesi",
  "years?|yrs?|jahre?n?|ans?|années?|años?|anni",
  "%|percent|per\\s?cent|prozent|pour\\s?cent|por\\s?ciento|percento",
  "euros?|eur|€",
  "dollars?|usd|us\\$|\\$",
  "pounds?|gbp|£",
  "francs?|franken|chf",
  "yen|jpy|¥",
  "thousand|tausend|mille?|mil",
  "millions?|millionen|mio|millones|milioni",
  "billions?|milliarden?|milliards?|mrd|miliardi",
  "mm|millimet(?:er|re)s?",
  "cm|centimet(?:er|re)s?|zentimeter",
  "m|met(?:er|re)s?|mètres?|metros?",
  "km|kilomet(?:er|re)s?|kilomètres?",
  "miles?",
  "grams?|g|gramm",
  "kg|kilograms?|kilogramm|kilos?",
  "tons?|tonnes?|tonnen",
  "kb|kilobytes?",
  "mb|megabytes?",
  "gb|gigabytes?",
  "tb|terabytes?",
  "°c|degrees celsius|grad celsius",
  "°f|degrees fahrenheit",
  "w|watts?",
  "kw|kilowatts?",
];
const FIGURE = String.raw`\d+(?:[.,:]\d+)*`;
const WORDS = NUMBER_WORDS.slice(2).join("|");
const BEFORE = new RegExp(`(?:(?<unit>us\\$|[€$£¥])\\s?)(?<figure>${FIGURE})`, "giu");
const AFTER = new RegExp(
  `(?<![\\p{L}\\p{N}.,:])(?<figure>${FIGURE}|${WORDS})[\\s-]?(?<unit>${UNITS.join("|")})(?![\\p{L}\\p{N}])`,
  "giu",
);
const UNIT_FORMS = UNITS.map((names) => new RegExp(`^(?:${names})$`, "iu"));

/** Figures in one form: `1,250.00` and `1250`, `five` and `5` are the same. */
export function figuresOf(text: string): Set<string> {
  const figures = new Set<string>();
  for (const [figure] of text.matchAll(new RegExp(FIGURE, "g"))) figures.add(plainFigure(figure));
  for (const [word] of text.toLowerCase().matchAll(/[a-z]+/g)) {
    const value = NUMBER_WORDS.indexOf(word);
    // "One" is a pronoun more often than a figure.
    if (value === 0 || value > 1) figures.add(String(value));
  }
  return figures;
}

/** What figures of a text count: for each, the texts of its units by the place of the unit in a list of them. */
export function unitsOf(text: string): Map<string, Map<number, string>> {
  const found = new Map<string, Map<number, string>>();
  for (const form of [BEFORE, AFTER]) {
    for (const { groups } of text.matchAll(form)) {
      const { figure = "", unit = "" } = groups!;
      const value = NUMBER_WORDS.indexOf(figure.toLowerCase());
      const key = value < 0 ? plainFigure(figure) : String(value);
      const units = found.get(key) ?? new Map<number, string>();
      found.set(key, units);
      units.set(
        UNIT_FORMS.findIndex((names) => names.test(unit)),
        unit,
      );
    }
  }
  return found;
}

/** The text with its figures alone where it says what they count. */
export function withoutUnits(text: string): string {
  return text.replaceAll(AFTER, "$<figure>").replaceAll(BEFORE, "$<figure>");
}

function plainFigure(figure: string): string {
  const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(figure) ? figure.replaceAll(",", "") : figure.replace(",", ".");
  return /^\d+\.\d+$/.test(plain) ? String(Number(plain)) : plain.replace(/^0+(?=\d)/, "");
}
