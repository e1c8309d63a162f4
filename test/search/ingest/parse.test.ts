import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strToU8, zipSync } from "fflate";
import { chunkDocument } from "../../../src/search/ingest/chunk/chunk.ts";
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

  it("is read in the encodings from before Unicode that are full of other signs, and not taken for one by a few accents", async () => {
    const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
    for (const [encoding, text, bytes] of [
      [
        "shift_jis",
        "就業規則では、従業員は年に二十日の有給休暇を取得することができます。申請は三日前までに行ってください。",
        "j0GLxotLkaWCxYLNgUGPXYvGiPWCzZROgsmT8Y9ck/qCzJdMi4uLeInJgvCO5pO+greC6YKxgsaCqoLFgquC3IK3gUKQXJC/gs2OT5P6kU+C3ILFgsmNc4LBgsSCrYK+grOCooFC",
      ],
      [
        "euc-jp",
        "この製品は防水ではありませんので、雨の日には使用しないでください。修理には十五日かかります。",
        "pLOkzsC9ycqkz8vJv+Wkx6TPpKKk6qTepLuk86TOpMehorGrpM7G/KTLpM+7yM3RpLekyqSkpMekr6TApLWkpKGjvaTN/aTLpM+9vbjexvykq6SrpOqk3qS5oaM=",
      ],
      [
        "gb18030",
        "员工每年可以享受二十五天的带薪假期。请在休假之前的两个星期提出申请，这是公司的规定。",
        "1LG5pMO/xOq/ydLUz+3K3Lb+yq7O5czstcS0+NC9vNnG2qGjx+vU2tDdvNnWrsewtcTBvbj20MfG2szhs/bJ6sfro6zV4srHuavLvrXEuea2qKGj",
      ],
      [
        "big5",
        "員工每年可以享有二十五天的有薪假期。請在休假的兩個星期之前提出申請，這是公司的規定。",
        "rfukdahDpn6laaVIqMmms6RHpFGkraTRqrqms8F+sLK0waFDvdCmYqXwsLKquqjirdOsULTBpKerZbSjpVil073QoUGzb6xPpL2lcaq6s1epd6FD",
      ],
      [
        "euc-kr",
        "직원은 일년에 이십오일의 유급 휴가를 사용할 수 있습니다. 신청은 이주 전에 해야 합니다.",
        "wfe/+MC6IMDPs+K/oSDAzL3Kv8DAz8DHIMCvsd4gyN6wobimILvnv+vH0iC89iDA1r3AtM+02S4gvcXDu8C6IMDMwdYgwPy/oSDH2L7fIMfVtM+02S4=",
      ],
      [
        "windows-1251",
        "Каждый сотрудник имеет право на двадцать пять дней отпуска в году. Заявление подаётся за две недели.",
        "yuDm5PvpIPHu8vDz5O3o6iDo7OXl8iDv8ODi7iDt4CDk4uDk9uDy/CDv//L8IOTt5ekg7vLv8/Hq4CDiIOPu5PMuIMfg/+Lr5e3o5SDv7uTguPLx/yDn4CDk4uUg7eXk5evoLg==",
      ],
      [
        "koi8-r",
        "Каждый сотрудник имеет право на двадцать пять дней отпуска в году. Заявление подаётся за две недели.",
        "68HWxNnKINPP1NLVxM7JyyDJzcXF1CDQ0sHXzyDOwSDE18HEw8HU2CDQ0dTYIMTOxcogz9TQ1dPLwSDXIMfPxNUuIPrB0dfMxc7JxSDQz8TBo9TT0SDawSDE18UgzsXExczJLg==",
      ],
      [
        "windows-1253",
        "Κάθε εργαζόμενος δικαιούται είκοσι πέντε ημέρες άδειας τον χρόνο.",
        "ytzo5SDl8ePh5vzs5e3v8iDk6erh6e/99OHpIOXf6u/z6SDw3e305SDn7N3x5fIg3OTl6eHyIPTv7SD38fzt7y4=",
      ],
      [
        "windows-1255",
        "כל עובד זכאי לעשרים וחמישה ימי חופשה בשנה. יש להגיש בקשה שבועיים מראש.",
        "6+wg8uXh4yDm6+DpIOzy+fjp7SDl5+7p+eQg6e7pIOfl9PnkIOH58OQuIOn5IOzk4un5IOH3+eQg+eHl8unp7SDu+OD5Lg==",
      ],
      [
        "windows-1256",
        "يحق لكل موظف خمسة وعشرون يوما من الإجازة في السنة ويجب تقديم الطلب قبل أسبوعين.",
        "7c3eIOHf4SDj5tndIM7j08kg5trU0ebkIO3m48cg4+Qgx+HFzMfSySDd7SDH4dPkySDm7czIIMrez+3jIMfh2OHIIN7I4SDD08jm2u3kLg==",
      ],
    ] as const) {
      const document = await parse(bytesOf(bytes), "a.txt");
      assert.equal(document.text, text);
      assert.deepEqual(document.notes, [`read as ${encoding.toUpperCase()}`]);
    }
    for (const text of ["çà et là, très été à Noël où déjà", "Größe;Menge\nÄpfel;5", "ÄÖÜ äöü É é"]) {
      assert.equal((await parse(new Uint8Array(Buffer.from(text, "latin1")), "a.txt")).text, text);
    }
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
