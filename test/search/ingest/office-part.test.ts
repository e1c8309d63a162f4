// What Office files keep in parts of their own: charts, diagrams, text boxes and remarks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strToU8, unzipSync, zipSync } from "fflate";
import { docxFile, docxParagraph } from "./docx-file.ts";
import { pptxFile, slideShape, xlsxFile } from "./office-file.ts";
import { outline, parse } from "./read-document.ts";

const TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

function relations(...list: [id: string, type: string, target: string][]): Uint8Array {
  const one = ([id, type, target]: string[]): string =>
    `<Relationship Id="${id}" Type="${type!.startsWith("http") ? type : `${TYPE}/${type}`}" Target="${target}"/>`;
  return strToU8(`<Relationships>${list.map(one).join("")}</Relationships>`);
}

function chart(title: string, values: Record<string, number>): Uint8Array {
  const points = (all: readonly (string | number)[]): string =>
    all.map((value, at) => `<c:pt idx="${at}"><c:v>${value}</c:v></c:pt>`).join("");
  return strToU8(
    `<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><a:p><a:r><a:t>${title}</a:t></a:r></a:p></c:title><c:plotArea>` +
      `<c:ser><c:tx><c:v>Visits</c:v></c:tx><c:cat>${points(Object.keys(values))}</c:cat><c:val>${points(Object.values(values))}</c:val></c:ser>` +
      `<c:catAx><c:title><a:t>Axis</a:t></c:title></c:catAx></c:plotArea></c:chart></c:chartSpace>`,
  );
}

const box = (text: string): string => `<wps:txbx><w:txbxContent>${docxParagraph(text)}</w:txbxContent></wps:txbx>`;

describe("parts of Word files", () => {
  it("are read where they stand: charts with their numbers, diagrams, text boxes; remarks come last", async () => {
    const drawing = (inside: string): string => `<w:p><w:r><w:drawing>${inside}</w:drawing></w:r></w:p>`;
    const file = docxFile(
      [
        docxParagraph("Before."),
        drawing('<c:chart r:id="r1"/>'),
        docxParagraph("Between."),
        `<w:tbl><w:tr><w:tc>${docxParagraph("cell")}${drawing('<dgm:relIds r:dm="r2" r:lo="r9"/>')}</w:tc></w:tr></w:tbl>`,
        `<w:p><w:r><mc:AlternateContent><mc:Choice>${box("In a box.")}</mc:Choice><mc:Fallback>${box("In a box.")}</mc:Fallback></mc:AlternateContent></w:r></w:p>`,
        docxParagraph("After."),
      ].join(""),
      {
        "word/_rels/document.xml.rels": relations(
          ["r1", "chart", "charts/chart1.xml"],
          ["r2", "diagramData", "diagrams/data1.xml"],
          ["r3", "comments", "comments.xml"],
        ),
        "word/charts/chart1.xml": chart("Visits by month", { May: 3, June: 5 }),
        "word/diagrams/data1.xml": strToU8("<d><p><t>Plan</t></p><p><t>Build</t></p></d>"),
        "word/comments.xml": strToU8(
          '<w:comments xmlns:w="w"><w:comment w:id="0" w:author="Ana"><w:p><w:r><w:t>Is this </w:t></w:r><w:r><w:t>right?</w:t></w:r></w:p><w:p><w:r><w:t>Ask.</w:t></w:r></w:p></w:comment></w:comments>',
        ),
      },
    );
    assert.deepEqual(outline(await parse(file, "a.docx")), [
      "paragraph Before.",
      "paragraph Visits by month",
      "table |  | Visits |\n| --- | --- |\n| May | 3 |\n| June | 5 |",
      "paragraph Between.",
      "table | cell |",
      "item - Plan",
      "item - Build",
      "paragraph In a box.",
      "paragraph After.",
      "paragraph Comment (Ana): Is this right?\nAsk.",
    ]);
  });
});

describe("parts of workbooks", () => {
  it("are read with their sheet: text boxes, titles of charts, remarks old and new", async () => {
    const cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>Rent</t></is></c><c r="B1"><v>7</v></c></row>';
    const parts = {
      ...unzipSync(
        xlsxFile([
          { name: "Costs", rows: cell },
          { name: "Board", rows: "" },
        ]),
      ),
      "xl/worksheets/_rels/sheet1.xml.rels": relations(
        ["r1", "comments", "../comments1.xml"],
        [
          "r2",
          "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment",
          "../threadedComments/threadedComment1.xml",
        ],
        ["r3", "drawing", "../drawings/drawing1.xml"],
      ),
      "xl/worksheets/_rels/sheet2.xml.rels": relations(["r1", "drawing", "../drawings/drawing2.xml"]),
      "xl/comments1.xml": strToU8(
        '<comments><authors><author>Ana</author><author>tc={1}</author></authors><commentList><comment ref="A1" authorId="0"><text><r><t>Ana:</t></r><r><t xml:space="preserve"> too high</t></r></text></comment><comment ref="B1" authorId="1"><text><t>[Threaded comment] Your version of Excel</t></text></comment></commentList></comments>',
      ),
      "xl/threadedComments/threadedComment1.xml": strToU8(
        '<ThreadedComments><threadedComment ref="B1" personId="{P}" id="{1}"><text>From when on?</text></threadedComment><threadedComment ref="B1" personId="{Q}" parentId="{1}"><text>From May.</text></threadedComment></ThreadedComments>',
      ),
      "xl/persons/person.xml": strToU8(
        '<personList><person displayName="Bo" id="{P}"/><person displayName="Cy" id="{Q}"/></personList>',
      ),
      "xl/drawings/drawing1.xml": strToU8(
        `<xdr:wsDr xmlns:xdr="x" xmlns:a="a" xmlns:c="c"><xdr:sp><xdr:txBody><a:p><a:r><a:t>Draft of May</a:t></a:r></a:p></xdr:txBody></xdr:sp><xdr:graphicFrame><c:chart/></xdr:graphicFrame></xdr:wsDr>`,
      ),
      "xl/drawings/_rels/drawing1.xml.rels": relations(["r1", "chart", "../charts/chart1.xml"]),
      "xl/charts/chart1.xml": chart("Costs by month", { May: 7 }),
      "xl/drawings/drawing2.xml": strToU8(
        '<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><xdr:sp><xdr:txBody><a:p><a:r><a:t>A box alone</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>',
      ),
    };
    assert.deepEqual(outline(await parse(zipSync(parts), "a.xlsx")), [
      "heading1 Costs",
      "table | Rent | 7 |",
      "paragraph Draft of May",
      "paragraph Costs by month",
      "paragraph Comment on A1 (Ana): Ana: too high",
      "paragraph Comment on B1 (Bo): From when on?",
      "paragraph Comment on B1 (Cy): From May.",
      "heading1 Board",
      "paragraph A box alone",
    ]);
  });
});

describe("parts of slides", () => {
  it("are read with their slide: remarks of both forms, after what the speaker says", async () => {
    const deck = pptxFile([
      {
        shapes: slideShape(["Our year"], "title"),
        notes: "Speak slowly.",
        parts: [
          {
            kind: "comments",
            name: "comments/comment1.xml",
            xml: '<p:cmLst xmlns:p="p"><p:cm authorId="0"><p:text>Which year?</p:text></p:cm></p:cmLst>',
          },
          {
            kind: "comments",
            name: "comments/modernComment_1.xml",
            xml: '<p188:cmLst xmlns:p188="m" xmlns:a="a"><p188:cm authorId="{B}"><p188:txBody><a:p><a:r><a:t>This one.</a:t></a:r></a:p></p188:txBody></p188:cm></p188:cmLst>',
          },
        ],
      },
    ]);
    const file = zipSync({
      ...unzipSync(deck),
      "ppt/commentAuthors.xml": strToU8('<p:cmAuthorLst xmlns:p="p"><p:cmAuthor id="0" name="Ana"/></p:cmAuthorLst>'),
      "ppt/authors.xml": strToU8('<p188:authorLst xmlns:p188="m"><p188:author id="{B}" name="Bo"/></p188:authorLst>'),
    });
    assert.deepEqual(outline(await parse(file, "a.pptx")), [
      "heading1 Our year",
      "paragraph@1 Notes: Speak slowly.",
      "paragraph@1 Comment (Ana): Which year?",
      "paragraph@1 Comment (Bo): This one.",
    ]);
  });
});
