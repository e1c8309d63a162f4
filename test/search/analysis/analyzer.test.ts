import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passageAnalyzer } from "../../../src/search/analysis/analyzer.ts";
import { sentences } from "../../../src/search/analysis/sentence.ts";

const analyzer = passageAnalyzer();
const terms = (text: string): string =>
  analyzer
    .tokens(text)
    .map(({ term }) => term)
    .join(" ");
const asked = (text: string): string =>
  analyzer
    .queryTokens(text)
    .flatMap(({ terms: all }) => all)
    .join(" ");

describe("analysis", () => {
  const cases: [string, string][] = [
    ["The employees' vacations are running", "employe vacat run"],
    ["Café NAÏVE ﬁre", "cafe naiv fire"],
    ["$1,250.50 and 1,000,000 or 2.5 kg at 10:30", "1250.50 1000000 2.5 kg 10 30"],
    ["TR-204, E-17 and Wi-Fi", "tr 204 tr204 e 17 e17 wi fi"],
    ["the company's don't", "compani dont"],
    ["公司政策", "公司 司政 政策"],
    ["山", "山"],
    ["연차휴가 규정", "연차 차휴 휴가 규정"],
    ["コーヒー", "コー ーヒ ヒー"],
    ["𠮷野家", "𠮷野 野家"],
    ["ｶﾞｲﾄﾞ", "ガイ イド"],
    ["ｺｰﾋｰ", "コー ーヒ ヒー"],
    ["ສະບາຍດີຂອບໃຈ", "ສະບາຍດີ ຂອບໃຈ"],
    ["X-1-Y-2", "x 1 y 2 x1y2"],
    ["X-1-Y-2-Z", "x 1 y 2 z"],
    ["Übergröße in Москве", "ubergroße москве"],
    ["สวัสดีครับ", "สวัสดี ครับ"],
    ["", ""],
    ["?!… —", ""],
  ];
  for (const [text, expected] of cases) {
    it(`of "${text}"`, () => assert.equal(terms(text), expected));
  }

  it("is the same for signs that are taken apart and put together", () => {
    for (const text of ["ガイドブック", "연차휴가 규정", "Café naïve", "Übergröße", "Москве й", "สวัสดีครับ"]) {
      assert.equal(terms(text.normalize("NFD")), terms(text.normalize("NFC")), text);
    }
  });

  it("tells where each term stands", () => {
    const text = "A café: TR-204 & 公司政策.";
    const places = analyzer.tokens(text).map(({ start, end }) => text.slice(start, end));
    assert.deepEqual(places, ["café", "TR", "204", "TR-204", "公司", "司政", "政策"]);
  });

  it("leaves out of a question what only makes it one", () => {
    assert.equal(asked("How many days of vacation do I get, please?"), "day vacat");
    assert.equal(asked("What is it?"), "what");
    assert.equal(asked("Who are you"), "who you");
  });

  it("keeps the beginning of a word that is too long to be one", () => {
    assert.equal(terms("x".repeat(10_000)).length, 64);
  });
});

describe("sentences", () => {
  const split = (text: string): string[] => sentences(text).map(({ start, end }) => text.slice(start, end));

  it("end at full stops, but not after abbreviations, numbers or initials", () => {
    assert.deepEqual(split('Ask Dr. Holm, e.g. by phone. It costs $3.50! "Really?" Yes. No. 7 is open…'), [
      "Ask Dr. Holm, e.g. by phone.",
      "It costs $3.50!",
      '"Really?"',
      "Yes.",
      "No. 7 is open…",
    ]);
  });

  it("are list items and table rows, too", () => {
    assert.deepEqual(split("Bring:\n- a tent\n- a lamp\n1. first\n2. second\n\n| a | b |\n| 1. | 2 |\n\nEnd"), [
      "Bring:",
      "- a tent",
      "- a lamp",
      "1. first",
      "2. second",
      "| a | b |",
      "| 1. | 2 |",
      "End",
    ]);
  });

  it("are found in Chinese and Japanese", () => {
    assert.deepEqual(split("你好。再见！好吗？"), ["你好。", "再见！", "好吗？"]);
  });

  it("cover all words of a text once", () => {
    const text = "One. two Three\nfour. Five (six.) seven? 8. nine";
    assert.equal(split(text).join(" ").replaceAll(/\s+/g, " "), text.replaceAll(/\s+/g, " "));
  });
});
