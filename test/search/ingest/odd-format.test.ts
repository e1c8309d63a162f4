// What real files of each format hold beside paragraphs, and what a reader would lose or garble of it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strToU8, zipSync } from "fflate";
import { docxFile, docxParagraph } from "./docx-file.ts";
import { pptxFile, slideShape, xlsxFile } from "./office-file.ts";
import { outline, parse } from "./read-document.ts";

describe("merged cells", () => {
  const head = "| Region | 2025 Q1 | 2025 Q2 |\n| --- | --- | --- |\n| North | 1 | 2 |\n| North | 5 | 6 |";

  it("of HTML say the same for each column and row, and a head of two rows is one", async () => {
    const document = await parse(
      `<table><tr><th rowspan=2>Region<th colspan=2>2025<tr><th>Q1<th>Q2
      <tr><td rowspan=2>North<td>1<td>2<tr><td>5<td>6<tr><td colspan=100>All of it</table>`,
      "a.html",
    );
    assert.deepEqual(outline(document), [`table ${head}\n| All of it |  |  |`]);
  });

  it("of Word are told by spans and by what goes on from above", async () => {
    const cell = (text: string, properties = ""): string =>
      `<w:tc><w:tcPr>${properties}</w:tcPr>${docxParagraph(text)}</w:tc>`;
    const below = "<w:vMerge/>";
    const top = '<w:vMerge w:val="restart"/>';
    const rows = [
      cell("Region", top) + cell("2025", '<w:gridSpan w:val="2"/>'),
      cell("", below) + cell("Q1") + cell("Q2"),
      cell("North", top) + cell("1") + cell("2"),
      cell("", below) + cell("5") + cell("6"),
    ];
    const table = `<w:tbl>${rows.map((row) => `<w:tr>${row}</w:tr>`).join("")}</w:tbl>`;
    assert.deepEqual(outline(await parse(docxFile(table), "a.docx")), [`table ${head}`]);
  });

  it("of PowerPoint leave out the cells that they cover", async () => {
    const cell = (text: string, attributes = ""): string =>
      `<a:tc ${attributes}><a:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></a:txBody></a:tc>`;
    const rows = [
      cell("Region", 'rowSpan="2"') + cell("2025", 'gridSpan="2"') + cell("", 'hMerge="1"'),
      cell("", 'vMerge="1"') + cell("Q1") + cell("Q2"),
      cell("North", 'rowSpan="2"') + cell("1") + cell("2"),
      cell("", 'vMerge="1"') + cell("5") + cell("6"),
    ];
    const table = rows.map((row) => `<a:tr>${row}</a:tr>`).join("");
    const shapes = `<p:graphicFrame><a:graphic><a:tbl>${table}</a:tbl></a:graphic></p:graphicFrame>`;
    const slide = await parse(pptxFile([{ shapes: slideShape(["Sales"], "title") + shapes }]), "a.pptx");
    assert.deepEqual(outline(slide), ["heading1 Sales", `table@1 ${head}`]);
  });

  it("do not make one head of a row of values, and repeat no long text", async () => {
    const long = "word ".repeat(60).trim();
    const document = await parse(
      `<table><tr><th>A<th colspan=2>B<tr><td>x<td>y<td>z<tr><td colspan=2>${long}<td>end</table>`,
      "a.html",
    );
    assert.deepEqual(outline(document), [
      `table | A | B | B |\n| --- | --- | --- |\n| x | y | z |\n| ${long} |  | end |`,
    ]);
  });
});

describe("odd HTML", () => {
  it("leaves out what is hidden, reads tables that only place things as blocks, and keeps numbers and terms", async () => {
    const document = await parse(
      `<p hidden>no<b>no</b></p><div style="color:red; display: none"><p>no<br>no</p></div><p>Shown.</p>
      <table role=presentation><tr><td><h2>Dear all</h2><p>one</p><p>two</p></table>
      <table><tr><td>left<table><tr><td>a<td>b</table>below<td>right</table>
      <table><tr><td>Framed text.</table>
      <ol start=5><li>five<li>six<li value=9>nine</ol><dl><dt>A<dt>B<dd>both<dt>C<dd>alone</dl>`,
      "a.html",
    );
    assert.deepEqual(outline(document), [
      "paragraph Shown.",
      "heading2 Dear all",
      "paragraph one",
      "paragraph two",
      "paragraph left",
      "table | a | b |",
      "paragraph below",
      "paragraph right",
      "paragraph Framed text.",
      "item 5. five",
      "item 6. six",
      "item 9. nine",
      "item - A, B: both",
      "item - C: alone",
    ]);
  });
});

describe("odd Word files", () => {
  it("give formulas, lists by style, and nothing that is hidden", async () => {
    const styles =
      '<w:styles><w:style w:styleId="LB2"><w:name w:val="List Bullet 2"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>';
    const body = [
      "<w:p><w:r><w:t>The area is </w:t></w:r><m:oMath><m:r><m:t>a</m:t></m:r><m:r><m:t>+b</m:t></m:r></m:oMath></w:p>",
      '<w:p><w:r><w:t>Shown</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t> hidden</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> too</w:t></w:r></w:p>',
      docxParagraph("deeper", "LB2"),
    ].join("");
    const file = zipSync({
      "word/document.xml": strToU8(`<w:document><w:body>${body}</w:body></w:document>`),
      "word/styles.xml": strToU8(styles),
    });
    assert.deepEqual(outline(await parse(file, "a.docx")), [
      "paragraph The area is a+b",
      "paragraph Shown too",
      "item   - deeper",
    ]);
  });
});

describe("odd slides", () => {
  it("give the text of diagrams, and the numbers of charts as a table", async () => {
    const point = (text: string): string =>
      `<dgm:pt><dgm:t><a:bodyPr/><a:p><a:r><a:t>${text}</a:t></a:r></a:p></dgm:t></dgm:pt>`;
    const diagram = `<dgm:dataModel xmlns:dgm="d" xmlns:a="a"><dgm:ptLst>${point("Plan")}<dgm:pt><dgm:t><a:p/></dgm:t></dgm:pt>${point("Build &amp; test")}</dgm:ptLst></dgm:dataModel>`;
    const values = (list: readonly (string | number)[]): string =>
      list.map((value, at) => `<c:pt idx="${at}"><c:v>${value}</c:v></c:pt>`).join("");
    const series = (name: string, numbers: number[]): string =>
      `<c:ser><c:tx><c:strRef><c:f>S!A1</c:f><c:strCache>${values([name])}</c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache>${values(["East", "West"])}</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:f>x</c:f><c:numCache>${values(numbers)}</c:numCache></c:numRef></c:val></c:ser>`;
    const chart = `<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales by region</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:barChart>${series("2025", [10, 20])}${series("2026", [11, 21.5])}</c:barChart></c:plotArea></c:chart></c:chartSpace>`;
    const slide = await parse(
      pptxFile([
        {
          shapes: slideShape(["Our year"], "title"),
          parts: [
            { kind: "diagramData", name: "diagrams/data1.xml", xml: diagram },
            { kind: "chart", name: "charts/chart1.xml", xml: chart },
          ],
        },
      ]),
      "a.pptx",
    );
    assert.deepEqual(outline(slide), [
      "heading1 Our year",
      "paragraph@1 Sales by region",
      "table@1 |  | 2025 | 2026 |\n| --- | --- | --- |\n| East | 10 | 11 |\n| West | 20 | 21.5 |",
      "item@1 - Plan",
      "item@1 - Build & test",
    ]);
  });
});

describe("odd workbooks", () => {
  it("show the words and leading zeros of a format", async () => {
    const formats = ['#,##0.00 "EUR"', '"Q"0', "000000", "[$CHF] 0.00", "0.0 \\h", "00.00"];
    const values = [1234.5, 3, 42, 7, 1.5, 3.14159];
    const cells = values.map((value, at) => `<c r="${"ABCDEF"[at]}1" s="${at + 1}"><v>${value}</v></c>`).join("");
    const document = await parse(xlsxFile([{ name: "S", rows: `<row r="1">${cells}</row>` }], [], formats), "a.xlsx");
    assert.deepEqual(outline(document), [
      "heading1 S",
      "table | 1234.50 EUR | Q3 | 000042 | CHF7.00 | 1.5 h | 03.14 |",
    ]);
  });
});

describe("odd Markdown, messages and JSON", () => {
  it("keeps footnotes, knows TOML at the front, and parts the cells of HTML", async () => {
    const document = await parse(
      '+++\ntitle = "The rules"\n+++\n## Limits {#limits}\nAt most[^1] nine.\n\n[^1]: Ten on\n    Sundays.\n\n<table><tr><td>a</td><td>b</td></tr></table>',
      "a.md",
    );
    assert.equal(document.title, "The rules");
    assert.deepEqual(outline(document), [
      "heading2 Limits",
      "paragraph At most nine.",
      "paragraph 1: Ten on Sundays.",
      "paragraph a b",
    ]);
  });

  it("reads a message that is forwarded in a message, and names what else is attached", async () => {
    const inner = "Subject: The budget\r\nFrom: b@example.com\r\n\r\nIt is 77 euro.";
    const part = (type: string, body: string): string =>
      `--x\r\nContent-Type: ${type}\r\nContent-Disposition: attachment\r\n\r\n${body}\r\n`;
    const message =
      'Subject: Fwd\r\nFrom: a@example.com\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n' +
      `--x\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n${part("message/rfc822", inner)}${part('image/png; name="p.png"', "x")}--x--\r\n`;
    const document = await parse(message, "a.eml");
    assert.deepEqual(outline(document), [
      "heading1 Fwd",
      "paragraph From: a@example.com",
      "paragraph See below.",
      "paragraph Attachments: p.png (image/png)",
      "heading2 The budget",
      "paragraph From: b@example.com",
      "paragraph It is 77 euro.",
    ]);
    assert.deepEqual(document.notes, ["1 attached file was not read"]);
  });

  it("keeps every digit of a number", async () => {
    assert.equal(
      (await parse('{"id": 12345678901234567890, "share": 0.5}', "a.json")).text,
      "id: 12345678901234567890\nshare: 0.5",
    );
  });
});
