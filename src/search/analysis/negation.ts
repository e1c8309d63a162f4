import { ENGLISH } from "./language.ts";

/** Words that deny, by language. Of a pair such as `ne ... pas` one stands here, so that it counts once. */
const NEGATIONS: Readonly<Record<string, string>> = {
  en: String.raw`not|no|never|none|nobody|nothing|neither|nor|without|cannot|\w+n['’]t`,
  de: String.raw`nicht|nichts|kein\w{0,2}|nie|niemals|niemand|ohne|weder`,
  fr: "pas|aucune?|jamais|rien|sans|personne|non",
  es: String.raw`no|nunca|jamás|sin|ning[uú]n\w?|nadie|nada|tampoco`,
  it: String.raw`non|senza|nessun\w?|niente|nulla`,
  pt: String.raw`não|nunca|sem|nenhum\w?|ninguém|nada`,
  nl: "niet|niets|geen|nooit|zonder|niemand",
  da: "ikke|ingen|intet|aldrig|uden",
  nb: "ikke|ingen|intet|aldri|uten",
  sv: "inte|ej|ingen|inga|inget|aldrig|utan",
  fi: "ei|eivät|en|emme|älä|ilman",
  ru: "не|нет|ни|никогда|никто|ничего|без|нельзя",
};

const made = new Map<string, RegExp>();

/** Finds the words that deny in a text of a language; texts of other languages are looked at as English ones. */
export function negations(language: string): RegExp {
  const code = Object.hasOwn(NEGATIONS, language) ? language : ENGLISH;
  let found = made.get(code);
  if (!found)
    made.set(code, (found = new RegExp(`(?<![\\p{L}\\p{N}])(?:${NEGATIONS[code]!})(?![\\p{L}\\p{N}])`, "giu")));
  return found;
}
