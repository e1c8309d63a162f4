import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { citingSentences, evidenceIn } from "../../src/chat/citation.ts";
import { MarkerScanner, markersIn } from "../../src/chat/marker.ts";
import { titleOf } from "../../src/chat/title.ts";
import { sentences, wordForms } from "../../src/chat/sentence.ts";

/** What of the passage is marked for these sentences. */
function marked(passage: string, ...citing: string[]): string[] {
  return evidenceIn(passage)
    .of(citing)
    .map(({ start, end }) => passage.slice(start, end));
}

const LEAVE = `Annual leave
Full-time employees receive 30 days of paid leave per calendar year. Part-time employees receive a share that
corresponds to their weekly hours. Unused days expire on 31 March of the following year, unless illness prevented
you from taking them. To request leave, open the People portal and choose "New absence".`;

describe("citation markers", () => {
  it("finds single, adjacent and listed markers, each when its bracket closes", () => {
    const scanner = new MarkerScanner();
    const found: [string, number[]][] = [];
    for (const piece of ["Yes ", "[", "1", "]", "[2].", " And [3, ", "4]; [5"]) {
      found.push([piece, scanner.push(piece).map((marker) => marker.n)]);
    }
    assert.deepEqual(found, [
      ["Yes ", []],
      ["[", []],
      ["1", []],
      ["]", [1]],
      ["[2].", [2]],
      [" And [3, ", []],
      ["4]; [5", [3, 4]],
    ]);
  });

  it("gives the same markers however the text is cut", () => {
    const text =
      "A [1] `x[2]` b [3][4].\n```js\na[5]\n```\n~~~\n[6]\n~~~\n- c [7, 8] [x] [ ] [^9] [10](y) `open [11]\n[12]";
    const whole = markersIn(text);
    assert.deepEqual(
      whole.map((marker) => marker.n),
      [1, 3, 4, 7, 8, 10, 12],
    );
    for (const marker of whole) assert.match(text.slice(marker.start, marker.end), /^\[[\d, ]+\]$/);
    for (let size = 1; size < 9; size++) {
      const scanner = new MarkerScanner();
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      assert.deepEqual(
        pieces.flatMap((piece) => scanner.push(piece)),
        whole,
        `in pieces of ${size}`,
      );
    }
  });

  it("knows which sentence a marker belongs to", () => {
    const citing = (text: string): Record<string, string[]> => Object.fromEntries(citingSentences(text));
    assert.deepEqual(citing("You get 30 days [1]. Offices close at six [2]."), {
      1: ["You get 30 days."],
      2: ["Offices close at six."],
    });
    assert.deepEqual(citing("You get 30 days. [1] Offices close at six. [2]"), {
      1: ["You get 30 days."],
      2: ["Offices close at six."],
    });
    assert.deepEqual(citing("According to [2], offices close. More."), { 2: ["According to, offices close."] });
    assert.deepEqual(citing("- **One** thing [1]\n- Other thing [2]"), {
      1: ["- One thing"],
      2: ["- Other thing"],
    });
    assert.deepEqual(citing("First [1]. Second [1]. First [1]."), { 1: ["First.", "Second."] });
    assert.deepEqual(citing("Ask Dr. Smith in room 3. [1]"), { 1: ["Ask Dr. Smith in room 3."] });
    assert.deepEqual(citing("[1]"), { 1: [] });
  });
});

describe("what a citation rests on", () => {
  it("is the quoted sentence, exactly, over line breaks, case, dashes and quotation marks", () => {
    assert.deepEqual(marked(LEAVE, "Part-time employees receive a share that corresponds to their weekly hours."), [
      "Part-time employees receive a share that\ncorresponds to their weekly hours.",
    ]);
    assert.deepEqual(marked(LEAVE, "to request leave, open the People portal and choose “New absence”."), [
      'To request leave, open the People portal and choose "New absence".',
    ]);
    assert.deepEqual(marked("The **fee** is `5 EUR` – per day. Other.", "The fee is 5 EUR - per day."), [
      "The **fee** is `5 EUR` – per day.",
    ]);
  });

  it("is the quoted words, where a sentence quotes", () => {
    assert.deepEqual(marked(LEAVE, 'They lapse, "unless illness prevented you from taking them".'), [
      "unless illness prevented\nyou from taking them.",
    ]);
  });

  it("is the sentence that says the same in other words", () => {
    assert.deepEqual(marked(LEAVE, "Each year, someone who works full time has 30 paid days."), [
      "Full-time employees receive 30 days of paid leave per calendar year.",
    ]);
    assert.deepEqual(marked(LEAVE, "Your unused days are lost after 31 March."), [
      "Unused days expire on 31 March of the following year, unless illness prevented\nyou from taking them.",
    ]);
  });

  it("is several sentences when the answer draws on several", () => {
    const answer = "Full-time employees get 30 days, and unused days expire on 31 March.";
    assert.deepEqual(
      marked(LEAVE, answer).map((text) => text.slice(0, 11)),
      ["Full-time e", "Unused days"],
    );
    assert.deepEqual(
      marked(LEAVE, "You get 30 days of paid leave per calendar year.", "Unused days expire on 31 March.").length,
      2,
    );
  });

  it("is one row of a table and one item of a list", () => {
    const table = "| Country | Days |\n|---|---|\n| Germany | 30 |\n| France | 27 |\n";
    assert.deepEqual(marked(table, "In France it is 27 days."), ["| France | 27 |"]);
    const list = "Bring with you:\n- your passport\n- two recent photographs\n- the signed contract";
    assert.deepEqual(marked(list, "You need two photographs."), ["- two recent photographs"]);
  });

  it("is nothing when the passage does not say it", () => {
    assert.deepEqual(marked(LEAVE, "The cafeteria serves pizza on Thursdays."), []);
    assert.deepEqual(marked(LEAVE, "It is so."), []);
    assert.deepEqual(marked("", "Anything at all."), []);
    assert.deepEqual(marked(LEAVE, ""), []);
  });

  it("is a place that says a good third of the sentence, and of what is left a fifth", () => {
    // Words of more than three letters weigh alike.
    const answer = "alpha bravo delta gamma kappa lambda omega sigma theta zebra quartz";
    const shares = (...pieces: string[]): number => marked(pieces.join("\n"), answer).length;
    assert.equal(shares("alpha bravo delta."), 0);
    assert.equal(shares("alpha bravo delta gamma."), 1);
    assert.equal(shares("alpha bravo delta gamma.", "kappa lambda."), 1);
    assert.equal(shares("alpha bravo delta gamma.", "kappa lambda omega."), 2);
    // A third of hardly anything says nothing.
    assert.deepEqual(marked("Our food was bad.", "Food."), []);
    assert.deepEqual(marked("Our food menu was bad.", "Food menu."), ["Our food menu was bad."]);
  });

  it("works in other scripts and languages", () => {
    assert.deepEqual(marked("年次休暇は三十日です。食堂は六時に閉まります。", "食堂は六時に閉まるそうです。"), [
      "食堂は六時に閉まります。",
    ]);
    assert.deepEqual(marked("Die Küche schließt um 18 Uhr. Der Urlaub beträgt 30 Tage.", "Urlaub: 30 Tage."), [
      "Der Urlaub beträgt 30 Tage.",
    ]);
    assert.deepEqual(marked("El café abre a las 8. La oficina cierra a las 6.", "La OFICINA cierra a las 6"), [
      "La oficina cierra a las 6.",
    ]);
  });

  it("lies inside the passage, in order and without overlap, whatever the texts are", () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const atoms = [
      "days",
      "30",
      " ",
      ". ",
      "\n",
      "leave",
      "İ",
      "👩‍👩‍👧",
      '"',
      "|",
      "-",
      "漢字",
      "Part-time",
      "\r\n",
      "e\u0301",
    ];
    const make = (length: number): string => Array.from({ length }, () => atoms[random(atoms.length)]).join("");
    for (let round = 0; round < 300; round++) {
      const passage = make(60);
      const spans = evidenceIn(passage).of([make(15), passage.slice(random(40), 40 + random(60))]);
      let before = -1;
      for (const { start, end } of spans) {
        assert.ok(start > before && end > start && end <= passage.length, JSON.stringify({ passage, spans }));
        before = end;
      }
    }
  });
});

describe("hostile texts", () => {
  const size = 200_000;
  const texts = {
    brackets: "[".repeat(size),
    digits: `[${"1".repeat(size)}`,
    blanks: `a${" ".repeat(size)}[1]`,
    markers: "[1]".repeat(size / 3),
    "one long line": "word ".repeat(size / 5).replace(/(.{200})/g, "$1[1]"),
    ticks: "`".repeat(size),
    lines: "a\n".repeat(size / 2),
    stops: ". ".repeat(size / 2),
    "stops and commas": `A.${",".repeat(size)}b`,
    "numbered markers": Array.from({ length: size / 8 }, (_, n) => `[${n}]`).join(""),
  };
  for (const [name, text] of Object.entries(texts)) {
    it(`of many ${name} take no long time`, () => {
      const started = performance.now();
      const citing = citingSentences(text);
      evidenceIn(text).of(citing.get(1) ?? []);
      titleOf(text);
      assert.ok(performance.now() - started < 15_000);
    });
  }
});

describe("sentences", () => {
  it("cover all that is not blank, in order", () => {
    const texts = [LEAVE, "One. Two! Three? 4. Five", "- a\n- b\n\nc", "1. First.\n2. Second.", "", "  \n ", "no end"];
    for (const text of texts) {
      const pieces = sentences(text).map(({ start, end }) => text.slice(start, end));
      assert.equal(pieces.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
      for (const piece of pieces) assert.equal(piece, piece.trim());
    }
    assert.deepEqual(
      sentences("1. First.\n2. Second.").map(({ start }) => start),
      [0, 10],
    );
  });

  it("compares words without case, accents and endings", () => {
    assert.deepEqual(wordForms("Benefits, CAFÉS and 1,000.50"), wordForms("benefit café and 1,000.50"));
    assert.deepEqual(wordForms("leave"), wordForms("Leaves"));
  });
});
