import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strToU8, zipSync } from "fflate";
import { chunkDocument } from "../../../src/search/ingest/chunk/chunk.ts";
import { pptxFile, slideShape, slideTable, xlsxFile } from "./office-file.ts";
import { failsWith, outline, parse } from "./read-document.ts";

describe("PPTX", () => {
  const deck = pptxFile([
    { shapes: slideShape(["Plan &amp; budget"], "ctrTitle") + slideShape(["12"], "sldNum") },
    {
      shapes:
        slideShape(["First", "Second"], "body") +
        slideShape(["Goals"], "title") +
        slideTable([
          ["Team", "Cost"],
          ["Red", "12"],
        ]),
      notes: "Say it slowly.",
    },
    { shapes: "" },
    { shapes: slideShape(["A box"]) },
  ]);

  it("gives slides in the order of the show with titles, lists, tables and notes", async () => {
    const document = await parse(deck, "deck.pptx");
    assert.equal(document.title, "Plan & budget");
    assert.deepEqual(outline(document, "page"), [
      "heading@1 Plan & budget",
      "heading@2 Goals",
      "item@2 - First",
      "item@2 - Second",
      "table@2 | Team | Cost |\n| --- | --- |\n| Red | 12 |",
      "paragraph@2 Notes: Say it slowly.",
      "heading@4 Slide 4",
      "paragraph@4 A box",
    ]);
    assert.deepEqual(document.notes, ["no text on slide 3 (perhaps pictures)"]);
    assert.equal(document.pages, 4);
  });

  it("is known by what is in it, and refused when broken, too long, or a bomb", async () => {
    assert.match((await parse(deck, "renamed.docx")).mediaType, /presentationml/);
    await assert.rejects(parse(deck, "a.pptx", { pages: 2 }), failsWith("DocumentTooLarge", /2 pages/));
    await assert.rejects(parse(deck.slice(0, 700), "a.pptx"), failsWith("DocumentDamaged", /ZIP/));
    const bomb = zipSync({ "ppt/presentation.xml": new Uint8Array(40_000_000) }, { level: 9 });
    await assert.rejects(parse(bomb, "a.pptx"), failsWith("DocumentTooLarge", /40000000 bytes/));
    await assert.rejects(
      parse(zipSync({ "a.txt": strToU8("x") }), "a.pptx"),
      failsWith("DocumentDamaged", /presentation/),
    );
  });
});

describe("XLSX", () => {
  const cells = (row: number, list: readonly string[]): string => `<row r="${row}">${list.join("")}</row>`;

  it("gives sheets as tables with their header, dates and numbers as people see them", async () => {
    const book = xlsxFile(
      [
        {
          name: "Prices",
          rows: [
            cells(1, ['<c r="A1" t="s"><v>0</v></c>']),
            cells(2, [
              '<c r="A2" t="s"><v>1</v></c>',
              '<c r="B2" t="inlineStr"><is><t>Since</t></is></c>',
              '<c r="D2" t="str"><v>Price</v></c>',
              '<c r="E2" t="str"><v>Share</v></c>',
            ]),
            cells(3, [
              '<c r="A3" t="s"><v>2</v></c>',
              '<c r="B3" s="1"><v>45678</v></c>',
              '<c r="D3" s="2"><v>1234.5</v></c>',
              '<c r="E3" s="3"><v>0.256</v></c>',
            ]),
            cells(4, [
              '<c r="A4" t="b"><v>1</v></c>',
              '<c r="B4" s="4"><v>45678.75</v></c>',
              '<c r="D4"><v>0.30000000000000004</v></c>',
              '<c r="E4" t="e"><v>#N/A</v></c>',
            ]),
            cells(6, ['<c r="A6" t="str"><v>A note below</v></c>']),
          ].join(""),
        },
        { name: "Secret", state: "hidden", rows: cells(1, ['<c r="A1"><v>42</v></c>']) },
      ],
      ["Price list", "Article", "Lamp"],
      ["dd/mm/yyyy", '"€"#,##0.00', "0.0%", "yyyy-mm-dd hh:mm"],
    );
    const document = await parse(book, "prices.xlsx");
    assert.deepEqual(outline(document, "page"), [
      "heading Prices",
      "paragraph Price list",
      [
        "table | Article | Since | Price | Share |",
        "| --- | --- | --- | --- |",
        "| Lamp | 2025-01-21 | €1234.50 | 25.6% |",
        "| TRUE | 2025-01-21 18:00:00 | 0.3 | #N/A |",
      ].join("\n"),
      "table | A note below |",
    ]);
    assert.deepEqual(document.notes, ['the hidden sheet "Secret" was left out']);
  });

  it("repeats the header with the rows of each passage", async () => {
    const rows = Array.from({ length: 300 }, (_, at) =>
      cells(at + 2, [`<c t="str"><v>Item ${at} of the list</v></c>`, `<c><v>${at}</v></c>`]),
    );
    const head = cells(1, ['<c t="str"><v>Name</v></c>', '<c t="str"><v>Stock</v></c>']);
    const chunks = chunkDocument(await parse(xlsxFile([{ name: "Stock", rows: head + rows.join("") }]), "s.xlsx"));
    assert.ok(chunks.length > 3);
    assert.ok(chunks.every(({ text, headings }) => text.startsWith("| Name | Stock |") && headings[0] === "Stock"));
  });

  it("does not blow up far cells and repeated long texts", async () => {
    const far = xlsxFile([{ name: "Far", rows: cells(1, ['<c r="A1"><v>1</v></c>', '<c r="XFD1"><v>2</v></c>']) }]);
    assert.deepEqual(outline(await parse(far, "f.xlsx"), "page"), ["heading Far", "table | 1 | 2 |"]);
    const repeated = xlsxFile(
      [
        {
          name: "R",
          rows: cells(
            1,
            Array.from({ length: 50 }, () => '<c t="s"><v>0</v></c>'),
          ),
        },
      ],
      ["x".repeat(1000)],
    );
    await assert.rejects(parse(repeated, "r.xlsx", { characters: 10_000 }), failsWith("DocumentTooLarge", /10000/));
    const diagonal = Array.from({ length: 200 }, (_, at) =>
      cells(at + 1, [`<c r="${column(at)}${at + 1}"><v>1</v></c>`]),
    ).join("");
    await assert.rejects(
      parse(xlsxFile([{ name: "D", rows: diagonal }]), "d.xlsx", { characters: 100_000 }),
      failsWith("DocumentTooLarge", /200 rows and 200 columns/),
    );
  });
});

function column(at: number): string {
  return (at >= 26 ? String.fromCharCode(64 + Math.floor(at / 26)) : "") + String.fromCharCode(65 + (at % 26));
}

describe("CSV", () => {
  it("finds the separator, and keeps quotes, line breaks and the header", async () => {
    const document = await parse(
      'Name;Remark;"Price, net"\r\nLamp;"says ""hi"";\nthere";1,50\r\n\r\nDesk;;200',
      "a.csv",
    );
    assert.deepEqual(outline(document, "page"), [
      'table | Name | Remark | Price, net |\n| --- | --- | --- |\n| Lamp | says "hi"; there | 1,50 |\n| Desk |  | 200 |',
    ]);
    assert.match((await parse("a\tb\n1\t2", "a.tsv")).text, /^\| a \| b \|/);
    assert.match((await parse("sep=|\nx,y|z\n1|2", "a.csv")).text, /^\| x,y \| z \|/);
    assert.equal((await parse("1,2\n3,4", "a.csv")).text, "| 1 | 2 |\n| 3 | 4 |");
  });

  it("reads what Excel writes in other encodings, and tells of a quote without an end", async () => {
    const latin = Uint8Array.from("Größe,Preis\ngroß,1".split("").map((char) => char.charCodeAt(0)));
    const document = await parse(latin, "a.csv");
    assert.match(document.text, /\| Größe \| Preis \|/);
    assert.match(document.notes.join(), /Windows-1252/);
    assert.match((await parse('a,b\n1,"2\n3,4', "a.csv")).notes.join(), /never closed/);
  });
});

describe("JSON", () => {
  it("keeps the path of each value", async () => {
    const document = await parse(
      JSON.stringify({
        title: "Store",
        address: { city: "Bonn", "post code": "53111" },
        tags: ["a", "b"],
        staff: [{ name: "Eva" }, { name: null }],
      }),
      "a.json",
    );
    assert.equal(document.title, "Store");
    assert.equal(
      document.text,
      'title: Store\naddress.city: Bonn\naddress["post code"]: 53111\ntags: a, b\nstaff[0].name: Eva',
    );
  });

  it("makes a section of each line of JSON lines and each entry of a list", async () => {
    const lines = await parse('{"question":"How?","answer":"So."}\nnonsense\n{"n":1}\n', "a.jsonl");
    assert.deepEqual(outline(lines, "page"), [
      "heading How?",
      "paragraph [1].question: How?\n[1].answer: So.",
      "heading [3]",
      "paragraph [3].n: 1",
    ]);
    assert.deepEqual(lines.notes, ["no JSON in line 2"]);
    assert.deepEqual(outline(await parse('[{"id":"x1","v":2}]', "a.json"), "page"), [
      "heading x1",
      "paragraph [0].id: x1\n[0].v: 2",
    ]);
  });

  it("is refused when broken or nested without end", async () => {
    await assert.rejects(parse('{"a":', "a.json"), failsWith("DocumentDamaged", /broken JSON/));
    await assert.rejects(parse("x\ny\n", "a.jsonl"), failsWith("DocumentDamaged", /line 1/));
    await assert.rejects(parse("[".repeat(5000) + "]".repeat(5000), "a.json"), failsWith("DocumentDamaged", /nested/));
  });
});

describe("EML", () => {
  const message = [
    "Received: from mx.example by host.example; Tue, 3 Jun 2025 10:00:00 +0200",
    "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>",
    "To: a@example.com, Team: b@example.com;",
    "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=",
    "Date: Tue, 3 Jun 2025 10:00:00 +0200",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="x"',
    "",
    "--x",
    'Content-Type: multipart/alternative; boundary="y"',
    "",
    "--y",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "plain form",
    "--y",
    "Content-Type: text/html; charset=iso-8859-1",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "<p>Sch=F6ne <b>Zeit</b></p><ul><li>one</li></ul>",
    "--y--",
    "--x",
    'Content-Type: application/pdf; name="plan.pdf"',
    'Content-Disposition: attachment; filename="plan.pdf"',
    "Content-Transfer-Encoding: base64",
    "",
    "JVBERi0=",
    "--x--",
    "",
  ].join("\r\n");

  it("gives who, when, the text in its charset, and the names of what is attached", async () => {
    const document = await parse(message, "a.eml");
    assert.equal(document.title, "Grüße");
    const [heading, head, ...body] = outline(document, "page");
    assert.equal(heading, "heading Grüße");
    assert.match(head!, /From: Jürgen <j@example\.com>\nTo: a@example\.com, b@example\.com\nDate: /);
    assert.deepEqual(body, [
      "paragraph Schöne Zeit",
      "item - one",
      "paragraph Attachments: plan.pdf (application/pdf)",
    ]);
    assert.deepEqual(document.notes, ["1 attached file was not read"]);
  });

  it("is known by its content, and a file that is none is refused", async () => {
    assert.equal((await parse(message, "saved.txt")).mediaType, "message/rfc822");
    assert.equal((await parse("Note: call From: Bonn\n\ntext", "note.txt")).mediaType, "text/plain");
    await assert.rejects(parse("just words", "a.eml"), failsWith("DocumentDamaged", /message begins/));
  });
});
