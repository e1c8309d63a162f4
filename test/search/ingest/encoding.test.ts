// Files as programs of all kinds write them: encodings that are named wrongly or not at all, packages with odd names.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strToU8, unzipSync, zipSync } from "fflate";
import { docxFile, docxParagraph } from "./docx-file.ts";
import { failsWith, outline, parse } from "./read-document.ts";

/** As Windows writes it: euro, quotation marks and dash where Latin-1 has nothing. */
const WINDOWS = Uint8Array.from([...strToU8("Gr"), 0xf6, 0xdf, 0x65, 0x20, 0x93, 0x71, 0x94, 0x20, 0x96, 0x20, 0x80]);
const READ = "Größe “q” – €";

const joined = (...parts: (string | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? strToU8(part) : part)]));

describe("text of Windows-1252", () => {
  it("keeps euros, quotation marks and dashes", async () => {
    assert.equal((await parse(WINDOWS, "a.txt")).text, READ);
    const page = joined('<meta charset="windows-1252"><p>', WINDOWS, "</p>");
    assert.equal((await parse(page, "a.html")).text, READ);
    assert.equal((await parse(joined('<meta charset="iso-8859-1"><p>', WINDOWS), "a.html")).text, READ);
    assert.match((await parse(joined("name;size\nx;", WINDOWS), "a.csv")).text, /\| x \| Größe “q” – € \|/);
    const head = "From: a@example.org\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\nSubject: ";
    const raw = await parse(joined(head, WINDOWS, "\n\n", WINDOWS), "a.eml");
    assert.equal(raw.title, READ);
    assert.match(raw.text, /\n\nGröße “q” – €$/);
    const named = joined(head, "s\nContent-Type: text/plain; charset=windows-1252\n\n", WINDOWS);
    assert.match((await parse(named, "a.eml")).text, /\n\nGröße “q” – €$/);
    const html = joined(head, "s\nContent-Type: text/html; charset=windows-1252\n\n<p>", WINDOWS);
    assert.match((await parse(html, "a.eml")).text, /\n\nGröße “q” – €$/);
  });
});

describe("an encoding that is named", () => {
  it("counts less than a mark, and than signs that are UTF-8", async () => {
    assert.equal((await parse('\uFEFF<meta charset="iso-8859-1"><p>Größe', "a.html")).text, "Größe");
    assert.equal((await parse('<meta charset="iso-8859-1"><p>Größe', "a.html")).text, "Größe");
    // Japanese of seven bits is UTF-8 too, as it looks.
    const page = joined(
      '<meta charset="iso-2022-jp"><p>',
      Uint8Array.of(0x1b, 0x24, 0x42, 0x35, 0x59, 0x1b, 0x28, 0x42),
    );
    assert.equal((await parse(page, "a.html")).text, "休");
    const wide = Uint8Array.from([
      0xff,
      0xfe,
      0,
      0,
      ...["a", "b", "c"].flatMap((sign) => [sign.charCodeAt(0), 0, 0, 0]),
    ]);
    await assert.rejects(parse(wide, "a.txt"), failsWith("DocumentDamaged", /UTF-32/));
  });
});

describe("a Word file of another program", () => {
  const plain = docxFile(docxParagraph("Größe &#8364; &amp;lt;"));
  const repacked = (change: (name: string, part: Uint8Array) => [string, Uint8Array]): Uint8Array =>
    zipSync(Object.fromEntries(Object.entries(unzipSync(plain)).map(([name, part]) => change(name, part))));

  it("may have slashes of Windows, a body in UTF-16, or one of another name", async () => {
    const wide = (part: Uint8Array): Uint8Array =>
      Uint8Array.from(Buffer.from(`\uFEFF${new TextDecoder().decode(part)}`, "utf16le"));
    const body = "word/document.xml";
    const files = {
      plain,
      slashes: repacked((name, part) => [name.replaceAll("/", "\\"), part]),
      wide: repacked((name, part) => [name, name === body ? wide(part) : part]),
      second: zipSync({
        ...unzipSync(repacked((name, part) => [name === body ? "word/document2.xml" : name, part])),
        "_rels/.rels": strToU8(
          '<Relationships><Relationship Id="1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="/word/document2.xml"/></Relationships>',
        ),
      }),
    };
    for (const [name, file] of Object.entries(files)) {
      assert.deepEqual(outline(await parse(file, "a.docx")), ["paragraph Größe € &lt;"], name);
      // What it is must show without its name.
      assert.deepEqual(outline(await parse(file, "a")), ["paragraph Größe € &lt;"], name);
    }
  });

  it("has its title from its properties, with what XML allows there", async () => {
    const titled = async (title: string): Promise<string> =>
      (await parse(docxFile(docxParagraph("Text."), { "docProps/core.xml": strToU8(title) }), "a.docx")).title;
    const props = (inner: string): string =>
      `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:creator>Ann</dc:creator>${inner}<dc:subject>Sub</dc:subject></cp:coreProperties>`;
    assert.equal(
      await titled(props('<dc:title xml:lang="en">R&amp;D &amp;lt;x&amp;gt; &#233;</dc:title>')),
      "R&D &lt;x&gt; é",
    );
    assert.equal(await titled(props("<dc:title><![CDATA[A < B]]></dc:title>")), "A < B");
    assert.equal(await titled(props("<dc:title/>")), "a.docx");
    assert.equal(await titled("<broken"), "a.docx");
  });
});
