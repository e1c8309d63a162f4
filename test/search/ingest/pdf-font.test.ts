// Text in fonts of their own: what their codes mean, by a table of the file or by one that readers have.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failsWith, parse } from "./read-document.ts";

type Font = readonly [name: string, encoding: string, collection: string, codes: string, letters?: string[]];

/** A PDF of one page, a line for each font: its encoding, the collection of its glyphs, codes as hex digits, and what they mean. */
function fontPdf(fonts: readonly Font[]): Uint8Array {
  const stream = (text: string): string => `<< /Length ${text.length} >>\nstream\n${text}\nendstream`;
  const used = fonts.map((_, at) => `/F${at} ${5 + at * 4} 0 R`).join(" ");
  const content = fonts.map(([, , , codes], at) => `BT /F${at} 12 Tf 50 ${800 - at * 40} Td <${codes}> Tj ET`);
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << ${used} >> >> >>`,
    stream(content.join("\n")),
  ];
  for (const [at, [name, encoding, collection, , letters]] of fonts.entries()) {
    const meaning = letters ? `/ToUnicode ${8 + at * 4} 0 R` : "";
    const hex = (text: string): string => Buffer.from(text, "utf16le").swap16().toString("hex");
    const chars = (letters ?? []).map((letter, code) => `<${hex(String.fromCharCode(code + 1))}> <${hex(letter)}>`);
    objects.push(
      `<< /Type /Font /Subtype /Type0 /BaseFont /${name} /Encoding /${encoding} ${meaning} /DescendantFonts [${6 + at * 4} 0 R] >>`,
      `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /${name} /CIDSystemInfo << /Registry (Adobe) /Ordering (${collection}) /Supplement 2 >> /FontDescriptor ${7 + at * 4} 0 R /DW 1000 >>`,
      `<< /Type /FontDescriptor /FontName /${name} /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>`,
      stream(
        `1 begincodespacerange <0000> <ffff> endcodespacerange\n${chars.length} beginbfchar\n${chars.join("\n")}\nendbfchar`,
      ),
    );
  }
  let text = "%PDF-1.4\n";
  const places = objects.map((object, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const start = text.length;
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  text += `trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return new TextEncoder().encode(text);
}

describe("PDFs in Arabic", () => {
  it("have the letters of lam-alef in their order, and others as they are drawn", async () => {
    const letters = ["لا", " ", "ى", "ل", "و", "لأ", "ا"];
    const pdf = fontPdf([
      ["Naskh", "Identity-H", "Identity", "0001000200030004000500060007", letters],
      ["Naskh", "Identity-H", "Identity", "00030004000700020001", letters],
    ]);
    assert.equal((await parse(pdf, "a.pdf")).text, "الأولى لا\n\nلا الى");
  });
});

describe("PDFs with predefined CMaps", () => {
  it("are read by what the encodings mean, upright and lying", async () => {
    const { text, notes } = await parse(
      fontPdf([
        ["Ryumin", "90ms-RKSJ-H", "Japan1", "93fa967b8cea82cc83818343838b203230323620b1b2"],
        ["Ryumin", "90msp-RKSJ-V", "Japan1", "8f6382ab"],
        ["Gothic", "EUC-H", "Japan1", "b5d9b2cb"],
        ["Gothic", "H", "Japan1", "4b5c3c52"],
        ["Ming", "UniJIS-UTF16-H", "Japan1", "004f004b67714eac"],
        ["SimSun", "GBK-EUC-H", "GB1", "c4eabcd92031"],
        ["SimSun", "UniGB-UCS2-H", "GB1", "5e7452060035"],
        ["MingLiU", "ETen-B5-H", "CNS1", "a5f0b0b2"],
        ["Batang", "KSCms-UHC-H", "Korea1", "c8deb0a1"],
        ["Batang", "UniKS-UCS2-H", "Korea1", "ad6dc7a5"],
      ]),
      "a.pdf",
    );
    const read = [
      "日本語のメイル 2026 ｱｲ",
      "縦き",
      "休暇",
      "本社",
      "OK東京",
      "年假 1",
      "年分5",
      "休假",
      "휴가",
      "국장",
    ];
    assert.deepEqual(text.split(/\n+/), read);
    assert.deepEqual(notes, []);
  });

  it("say which font they cannot read and why, and are not taken for a scan", async () => {
    const lacking = fontPdf([["ABCDEF+Song", "CNS-EUC-H", "CNS1", "a4a1a4a2"]]);
    await assert.rejects(
      parse(lacking, "a.pdf"),
      failsWith("DocumentEmpty", /font Song on page 1 uses the predefined CMap CNS-EUC-H/),
    );
    const numbered = fontPdf([
      ["Kozuka", "Identity-H", "Japan1", "04d204d3"],
      ["Ryumin", "90ms-RKSJ-H", "Japan1", "93fa967b"],
    ]);
    const { text, notes } = await parse(numbered, "a.pdf");
    assert.equal(text, "日本");
    assert.deepEqual(notes, [
      "font Kozuka on page 1 uses glyphs by their numbers in Adobe-Japan1, whose letters this reader does not know",
    ]);
  });
});
