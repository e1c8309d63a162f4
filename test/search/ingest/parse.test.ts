import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strToU8, zipSync } from "fflate";
import { chunkDocument } from "../../../src/search/ingest/chunk.ts";
import { docxFile, docxParagraph } from "./docx-file.ts";
import { pdfFile } from "./pdf-file.ts";
import { failsWith, outline, parse } from "./read-document.ts";

describe("Markdown", () => {
  it("gives headings, paragraphs, lists, tables and code without their marks", async () => {
    const document = await parse(
      [
        "---",
        'title: "The policy"',
        "---",
        "# Vacation *policy* #",
        'Everybody gets **25 days** of [vacation](http://x.example/a_(b) "t"),',
        "see `perch --help` and <https://perch.example>. &euro; \\*not bold\\* snake_case_name",
        "",
        "- one",
        "  goes on",
        "  - inner",
        "2. second",
        "",
        "| Who | Days |",
        "|-----|:---:|",
        "| me \\| you | **3** |",
        "",
        "Under",
        "-----",
        "> quoted",
        "",
        "```sh",
        "# no heading",
        "```",
        "<!-- hidden -->",
        "[ref]: http://x.example",
        "![a picture](p.png)",
      ].join("\r\n"),
      "a.md",
    );
    assert.equal(document.title, "The policy");
    assert.deepEqual(outline(document), [
      "heading1 Vacation policy",
      "paragraph Everybody gets 25 days of vacation, see perch --help and https://perch.example. € *not bold* snake_case_name",
      "item - one goes on",
      "item   - inner",
      "item 2. second",
      "table | Who | Days |\n| --- | --- |\n| me \\| you | 3 |",
      "heading2 Under",
      "paragraph quoted",
      "code # no heading",
      "paragraph a picture",
    ]);
  });

  it("is named by its first heading, else by its file", async () => {
    assert.equal((await parse("## Hello\n\ntext", "a.md")).title, "Hello");
    assert.equal((await parse("only text", "a.md")).title, "a.md");
  });

  it("reads odd input to its end", async () => {
    const odd = [
      "#",
      "# #",
      "-",
      "|",
      "||\n|-|",
      "```",
      "```\nopen",
      "---",
      "> ",
      "- \n\n\n- x",
      "\\",
      "[",
      "![",
      "<!--",
      "***",
    ];
    for (const source of odd) await parse(`${source}\nsome text`, "odd.md");
    await parse(
      `${"*".repeat(50_000)} ${"[".repeat(50_000)} ${"`".repeat(20_001)} ${"<".repeat(50_000)} end`,
      "odd.md",
    );
  });
});

describe("HTML", () => {
  it("gives title, headings, lists and tables, and nothing of scripts, styles, menus and site footers", async () => {
    const document = await parse(
      `<!-- c --><!DOCTYPE html><html><head><title>The &amp; guide</title><style>.x{}</style><script>var a = "<p>no</p>"</script></head>
      <body><nav>menu</nav><h1>Guide</h1><p>Hello <b>wor</b>ld,<br>again.</p>
      <table><caption>Prices</caption><tr><th>A</th><th>B</th></tr><tr><td>1</td><td><p>2</p><p>x</p></td></tr></table>
      <ul><li>one<ol><li>inner</li></ol></li><li>two</li></ul><dl><dt>Term</dt><dd>Meaning</dd></dl>
      <pre>a
  b</pre><footer>imprint</footer><p>last & least`,
      "a.html",
    );
    assert.equal(document.title, "The & guide");
    assert.deepEqual(outline(document), [
      "heading1 Guide",
      "paragraph Hello world,\nagain.",
      "paragraph Prices",
      "table | A | B |\n| --- | --- |\n| 1 | 2 x |",
      "item - one",
      "item   1. inner",
      "item - two",
      "item - Term: Meaning",
      "code a\n  b",
      "paragraph last & least",
    ]);
  });

  it("is known by its content, whatever its name", async () => {
    assert.equal((await parse("<!doctype html><p>x", "page.txt")).mediaType, "text/html");
  });

  it("is read in the encoding it names", async () => {
    const bytes = Uint8Array.from([...strToU8('<html><meta charset="iso-8859-1"><p>caf'), 0xe9]);
    assert.match((await parse(bytes, "a.html")).text, /café/);
  });
});

describe("text", () => {
  it("parts paragraphs at blank lines and knows underlined headings", async () => {
    const document = await parse("Notes\n=====\nfirst\nline\n\nsecond", "notes.txt");
    assert.deepEqual(outline(document), ["heading1 Notes", "paragraph first\nline", "paragraph second"]);
  });

  it("is read in UTF-16, in UTF-8 with a mark and in Latin-1, and the guess is told", async () => {
    const wide = new Uint8Array(Buffer.from("\ufeffgrüße from afar", "utf16le"));
    assert.equal((await parse(wide, "a.txt")).text, "grüße from afar");
    const unmarked = await parse(new Uint8Array(Buffer.from("plain words without a mark", "utf16le")), "a.txt");
    assert.equal(unmarked.text, "plain words without a mark");
    assert.deepEqual(unmarked.notes, ["read as UTF-16LE"]);
    const big = new Uint8Array(Buffer.from("\ufeffbig end", "utf16le").swap16());
    assert.equal((await parse(big, "a.txt")).text, "big end");
    assert.equal((await parse(new Uint8Array(Buffer.from("\ufeffmarked", "utf8")), "a.txt")).text, "marked");
    const latin = await parse(new Uint8Array(Buffer.from("Käse für 5 Francs", "latin1")), "a.txt");
    assert.equal(latin.text, "Käse für 5 Francs");
    assert.deepEqual(latin.notes, ["read as Windows-1252 (Latin-1)"]);
  });
});

describe("PDF", () => {
  it("gives pages, headings by size, joined lines, list items and tables, without running heads and feet", async () => {
    const page = (number: number, ...lines: [string, number, number, number?][]) => [
      ["Tern & Tarn", 60, 810, 9] as [string, number, number, number],
      ...lines,
      [`Page ${number} of 3`, 280, 30, 9] as [string, number, number, number],
    ];
    const document = await parse(
      await pdfFile(
        [
          page(
            1,
            ["Repair guide", 60, 760, 22],
            ["A repair takes fifteen work-", 60, 720],
            ["ing days on average.", 60, 706],
          ),
          page(
            2,
            ["Prices", 60, 760, 16],
            ["Repair", 60, 730],
            ["Price", 300, 730],
            ["Tent zip", 60, 714],
            ["$54", 300, 714],
            ["• Clean it first.", 70, 680],
            ["• Write the number", 70, 666],
            ["on the parcel.", 80, 652],
          ),
          page(3, ["The last page speaks of money.", 60, 700]),
        ],
        "The repair guide",
      ),
      "guide.pdf",
    );
    assert.equal(document.title, "The repair guide");
    assert.equal(document.pages, 3);
    assert.deepEqual(outline(document), [
      "heading1 Repair guide",
      "paragraph@1 A repair takes fifteen working days on average.",
      "heading2 Prices",
      "table@2 | Repair | Price |\n| --- | --- |\n| Tent zip | $54 |",
      "item@2 - Clean it first.",
      "item@2 - Write the number on the parcel.",
      "paragraph@3 The last page speaks of money.",
    ]);
    assert.deepEqual(
      chunkDocument(document).map(({ page: at, headings }) => [at, headings.join("/")]),
      [
        [1, "Repair guide"],
        [2, "Repair guide/Prices"],
        [3, "Repair guide/Prices"],
      ],
    );
  });

  it("names pages without text, and refuses a document of such pages only", async () => {
    const some = await parse(await pdfFile([[["text", 60, 700]], [], []]), "scan.pdf");
    assert.deepEqual(some.notes, ["no text on page 2, 3 (an empty or scanned page)"]);
    await assert.rejects(parse(await pdfFile([[]]), "scan.pdf"), failsWith("DocumentEmpty", /scan/));
  });

  it("is refused when it is cut short, garbled, or has too many pages", async () => {
    const bytes = await pdfFile([[["text", 60, 700]], [["more", 60, 700]]]);
    await assert.rejects(parse(bytes.slice(0, bytes.length / 3), "cut.pdf"), failsWith("DocumentDamaged", /PDF/));
    await assert.rejects(parse("%PDF-1.7\nnothing of the kind", "fake.pdf"), failsWith("DocumentDamaged", /PDF/));
    await assert.rejects(parse(bytes, "long.pdf", { pages: 1 }), failsWith("DocumentTooLarge", /2 pages/));
    await assert.rejects(parse("just words", "words.pdf"), failsWith("DocumentDamaged", /PDF/));
  });

  it("is known by its content, whatever its name", async () => {
    assert.equal((await parse(await pdfFile([[["text", 60, 700]]]), "a.md")).mediaType, "application/pdf");
  });
});

describe("DOCX", () => {
  it("gives headings by style, lists, tables and what tracked changes leave", async () => {
    const cell = (text: string) => `<w:tc>${docxParagraph(text)}</w:tc>`;
    const document = await parse(
      docxFile(
        [
          docxParagraph("Store manual", "Title"),
          docxParagraph("Opening", "berschrift1"),
          "<w:p><w:r><w:t>Open at </w:t></w:r><w:del><w:r><w:delText>8</w:delText></w:r></w:del><w:ins><w:r><w:t>9:30.</w:t></w:r></w:ins></w:p>",
          docxParagraph("Details", "Own"),
          docxParagraph("first", "", 0),
          docxParagraph("inner &amp; deep", "", 1),
          `<w:tbl><w:tr>${cell("Who")}${cell("Rate")}</w:tr><w:tr>${cell("Students")}${cell("10 %")}</w:tr></w:tbl>`,
        ].join(""),
      ),
      "manual.docx",
    );
    assert.equal(document.title, "Store manual");
    assert.deepEqual(outline(document), [
      "heading1 Store manual",
      "heading1 Opening",
      "paragraph Open at 9:30.",
      "heading2 Details",
      "item - first",
      "item   - inner & deep",
      "table | Who | Rate |\n| --- | --- |\n| Students | 10 % |",
    ]);
  });

  it("is refused when empty, no Word file, cut short, broken inside, or a bomb", async () => {
    const good = docxFile(docxParagraph("text"));
    await assert.rejects(parse(docxFile(""), "a.docx"), failsWith("DocumentEmpty", /no text/));
    await assert.rejects(
      parse(zipSync({ "a.txt": strToU8("x") }), "a.docx"),
      failsWith("DocumentDamaged", /document\.xml/),
    );
    await assert.rejects(parse(good.slice(0, good.length - 40), "a.docx"), failsWith("DocumentDamaged", /ZIP/));
    await assert.rejects(parse("no zip at all", "a.docx"), failsWith("DocumentDamaged", /ZIP/));
    await assert.rejects(parse(docxFile("<w:p><w:r>"), "a.docx"), failsWith("DocumentDamaged", /XML/));
    const bomb = zipSync({ "word/document.xml": new Uint8Array(40_000_000) }, { level: 9 });
    assert.ok(bomb.length < 100_000);
    await assert.rejects(parse(bomb, "bomb.docx"), failsWith("DocumentTooLarge", /40000000 bytes/));
    await assert.rejects(parse(good, "a.docx", { unpackedBytes: 100 }), failsWith("DocumentTooLarge", /100 bytes/));
  });

  it("does not expand entities that a document defines itself", async () => {
    const lol =
      '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:document><w:body><w:p><w:t>&b;</w:t></w:p></w:body></w:document>';
    const file = zipSync({ "word/document.xml": strToU8(lol) });
    await assert.rejects(parse(file, "lol.docx"), failsWith("DocumentDamaged", /XML/));
  });
});

describe("other files", () => {
  const refused: [string, Uint8Array, string, string, RegExp][] = [
    ["an empty file", new Uint8Array(0), "zero.md", "DocumentEmpty", /0 bytes/],
    ["white space", strToU8(" \n\t\n"), "blank.md", "DocumentEmpty", /no text/],
    [
      "bytes named Markdown",
      Uint8Array.from({ length: 3000 }, (_, at) => (at * 97 + 13) % 256),
      "b.md",
      "DocumentDamaged",
      /not text/,
    ],
    ["a picture named text", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 1, 2]), "p.txt", "DocumentUnsupported", /PNG/],
    ["an old Word file", Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 1]), "old.docx", "DocumentUnsupported", /password/],
    ["source code", strToU8("int main() {}"), "main.c", "DocumentUnsupported", /\.c files/],
    ["a ZIP archive", zipSync({ "a.txt": strToU8("x") }), "a.zip", "DocumentUnsupported", /ZIP archives/],
  ];
  for (const [what, bytes, name, code, message] of refused) {
    it(`${what} is refused with a reason`, () => assert.rejects(parse(bytes, name), failsWith(code, message)));
  }

  it("too much text is refused", async () => {
    await assert.rejects(
      parse("word ".repeat(1000), "a.md", { characters: 100 }),
      failsWith("DocumentTooLarge", /100/),
    );
    await assert.rejects(
      parse("word ".repeat(1000), "a.md", { fileBytes: 100 }),
      failsWith("DocumentTooLarge", /5000/),
    );
  });
});
