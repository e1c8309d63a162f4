// What people have put on the pages of a PDF, and pages that are told apart by their numbers only.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PDFDocument, PDFName, PDFString } from "pdf-lib";
import { pdfFile } from "./pdf-file.ts";
import { outline, parse } from "./read-document.ts";

describe("a PDF", () => {
  it("is read with what was filled into its form, and with its notes", async () => {
    const pdf = await PDFDocument.load(await pdfFile([[["Application", 60, 780]], []]));
    const form = pdf.getForm();
    const [first, second] = pdf.getPages();
    const name = form.createTextField("name");
    name.setText("Ann Walrus");
    name.addToPage(first!, { x: 100, y: 700 });
    const empty = form.createTextField("empty");
    empty.addToPage(first!, { x: 100, y: 650 });
    const off = form.createCheckBox("off");
    off.addToPage(first!, { x: 100, y: 600 });
    const color = form.createDropdown("color");
    color.addOptions(["Red", "Blue"]);
    color.select("Blue");
    color.addToPage(first!, { x: 100, y: 550 });
    const note = pdf.context.register(
      pdf.context.obj({
        Type: "Annot",
        Subtype: "Text",
        Rect: [60, 700, 80, 720],
        Contents: PDFString.of("Ask the penguin."),
      }),
    );
    second!.node.set(PDFName.of("Annots"), pdf.context.obj([note]));
    const document = await parse(await pdf.save(), "form.pdf");
    assert.deepEqual(outline(document, "page"), [
      "paragraph@1 Application",
      "paragraph@1 name: Ann Walrus",
      "paragraph@1 color: Blue",
      "paragraph@2 Comment: Ask the penguin.",
    ]);
    assert.deepEqual(document.notes, []);
  });

  it("whose pages say the same but for their number keeps what they say", async () => {
    const page = (n: number): [string, number, number][] => [[`Words of page ${n} about penguins.`, 50, 750]];
    const { text } = await parse(await pdfFile([1, 2, 3, 4].map(page)), "a.pdf");
    assert.equal(text.match(/penguins/g)?.length, 4);
  });

  it("has items, and no headings, where the bullets of a list are large", async () => {
    const lines: [string, number, number, number][] = [
      ["The body of the text is set small and goes on for a while.", 50, 750, 10],
      ["• first item", 50, 730, 12],
      ["• second item", 50, 710, 12],
    ];
    const document = await parse(await pdfFile([lines]), "a.pdf");
    assert.deepEqual(outline(document).slice(1), ["item@1 - first item", "item@1 - second item"]);
  });
});
