import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passageAnalyzer } from "../../../src/search/analysis/analyzer.ts";
import { detectLanguage } from "../../../src/search/analysis/detect-language.ts";
import { languageOf } from "../../../src/search/analysis/language.ts";
import { fieldAnalyzer } from "../../../src/search/document/field-analyzer.ts";
import { verifyClaim } from "../../../src/search/verify.ts";
import { SENTENCES } from "./sentence-set.ts";

const analyzer = passageAnalyzer();
const termsOf = (text: string, language: string): string[] => analyzer.tokens(text, language).map(({ term }) => term);
const askedOf = (text: string, languages: readonly string[]): string[] =>
  analyzer.queryTokens(text, languages).flatMap(({ terms }) => terms);

describe("the analysis of a language", () => {
  for (const [code, { text, asked, shared, left }] of Object.entries(SENTENCES)) {
    it(`${code}: other forms of a word meet, and function words are left out`, () => {
      const held = termsOf(text, code);
      const wanted = askedOf(asked, [code]);
      const met = wanted.filter((term) => held.includes(term));
      assert.equal(met.length, shared, `asked ${wanted.join(" ")}; held ${held.join(" ")}`);
      for (const word of left) assert.ok(!wanted.includes(word), `${word} in ${wanted.join(" ")}`);
      // Words as they stand would meet less often, or the sentences would prove nothing.
      const plain = (of: string): string[] => of.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? [];
      const asWritten = plain(asked).filter((word) => !left.includes(word) && plain(text).includes(word));
      assert.ok(new Set(asWritten).size < shared, `as written: ${asWritten.join(" ")}`);
    });

    it(`${code}: a text tells its language, and asking in all languages finds it too`, () => {
      assert.equal(detectLanguage(`${text} ${asked}`), code);
      const held = termsOf(text, code);
      const wanted = analyzer.queryTokens(asked, [...Object.keys(SENTENCES), "en"]);
      const met = wanted.filter(({ terms }) => terms.some((term) => held.includes(term)));
      assert.ok(met.length >= shared, wanted.map(({ terms }) => terms.join("|")).join(" "));
    });

    it(`${code}: fields of documents are analysed as passages are`, () => {
      const field = fieldAnalyzer(`${code === "pt" ? "pt-BR" : code}.lucene`);
      assert.deepEqual(
        field(text).map(({ term }) => term),
        termsOf(text, code),
      );
    });
  }

  it("leaves English as it is when English is all there is", () => {
    const text = "The employees' vacations: how many days does die Firma give?";
    assert.deepEqual(termsOf(text, "en"), ["employe", "vacat", "how", "mani", "day", "doe", "die", "firma", "give"]);
    assert.deepEqual(askedOf(text, ["en"]), ["employe", "vacat", "day", "die", "firma"]);
  });

  it("takes the language of a question for the one whose function words it has", () => {
    // `die` is an article in German and a verb here.
    assert.ok(askedOf("why did the battery die", ["de", "en"]).includes("die"));
    assert.ok(!askedOf("wann ist die Batterie leer", ["de", "en"]).includes("die"));
  });

  it("reads elisions, umlauts typed without their dots, and foreign words among Cyrillic ones", () => {
    assert.deepEqual(termsOf("l’entreprise d'assurance aujourd'hui", "fr"), ["entrepris", "assur", "aujourdhui"]);
    assert.deepEqual(termsOf("dell'ufficio", "it"), termsOf("ufficio", "it"));
    assert.deepEqual(termsOf("Kuendigung Groesse neue Steuer", "de"), termsOf("Kündigung Größe neue Steuer", "de"));
    assert.deepEqual(termsOf("служба emails", "ru"), ["служб", "email"]);
  });

  const others: [string, string, string][] = [
    ["ar", "الموظفون الإجازات السنوية", "موظف إجازة سنوية"],
    ["hu", "dolgozók szabadságot házakban", "dolgozó szabadság ház"],
    ["ro", "primesc regulilor", "primi regulile"],
    ["tr", "evlerinde masraflar", "ev masraf"],
  ];
  for (const [code, forms, same] of others) {
    it(`${code}, which is only told by setting, has its own stems`, () => {
      assert.deepEqual(termsOf(forms, code), termsOf(same, code));
      assert.notDeepEqual(termsOf(forms, "en"), termsOf(same, "en"));
    });
  }

  it("takes `ue` for `ü` only where it can be one", () => {
    assert.deepEqual(termsOf("Quelle Abenteuer neue", "de"), ["quell", "abenteu", "neu"]);
  });

  it("pairs the signs of scripts without blanks in every language", () => {
    assert.deepEqual(termsOf("公司政策", "de"), ["公司", "司政", "政策"]);
    assert.deepEqual(termsOf("有給休暇", "en"), ["有給", "給休", "休暇"]);
  });

  it("does not guess from a few words, and knows what it has no stemmer for", () => {
    for (const text of ["", "Invoice 4711", "12 34 56", "公司政策"]) assert.equal(detectLanguage(text), undefined);
    assert.equal(languageOf("tlh"), undefined);
    assert.equal(languageOf("pt-BR")?.code, "pt");
    assert.equal(languageOf("no")?.code, "nb");
  });
});

describe("a claim in another language", () => {
  it("is supported in other forms of the words, and not when it is denied", () => {
    const source = "Mitarbeiter in Teilzeit erhalten den Urlaub anteilig. Überstunden werden nicht ausgezahlt.";
    assert.equal(verifyClaim("Ein Mitarbeiter in Teilzeit erhält anteiligen Urlaub.", source).isSupported, true);
    const denied = verifyClaim("Überstunden werden ausgezahlt.", source);
    assert.deepEqual([denied.isSupported, denied.reason], [false, "the source denies what the sentence says"]);
    const french = "Les salariés ne peuvent pas reporter leurs congés sur l'année suivante.";
    assert.equal(verifyClaim("Le salarié peut reporter ses congés sur l'année suivante.", french).isSupported, false);
    assert.equal(verifyClaim("Un salarié ne peut pas reporter ses congés.", french).isSupported, true);
  });
});
