import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { float } from "../../src/base/value.ts";
import { documentOf, usedPassages } from "../../src/chat/document.ts";
import { passage } from "./scripted-target.ts";

describe("the documents output of a flow", () => {
  it("is read whole in the shape of Index Lookup", () => {
    assert.deepEqual(usedPassages([passage(2, "Text.")]), [
      {
        passageId: "doc-2#0",
        documentId: "doc-2",
        title: "Handbook 2",
        headings: ["Leave", "Part 2"],
        page: 2,
        start: 0,
        end: 5,
        text: "Text.",
        source: "documents/handbook-2.pdf",
        filename: "handbook-2.pdf",
        score: 8,
      },
    ]);
  });

  it("is read in the shapes that other flows give", () => {
    const shapes: [unknown, object][] = [
      ["only a text", { text: "only a text", title: "Source 1", documentId: "1" }],
      [
        { content: "c", title: "T", url: "https://x/y.html" },
        { text: "c", title: "T", source: "https://x/y.html" },
      ],
      [
        { page_content: "p", metadata: { source: "a/b.md", page: 3 } },
        { text: "p", title: "a/b.md", page: 3 },
      ],
      [
        { chunk: "k", filepath: "docs\\k.docx", chunk_id: "7" },
        { text: "k", passageId: "7", filename: "k.docx" },
      ],
      [
        { text: "t", score: float(2), page: "12", title: "T" },
        { score: 2, page: 12 },
      ],
      [
        { snippet: "s", name: "N", doc_id: 5 },
        { title: "N", documentId: "5" },
      ],
      ['{"content":"in JSON","title":"J"}', { text: "in JSON", title: "J" }],
    ];
    for (const [item, expected] of shapes) {
      const [read] = usedPassages([item]);
      assert.deepEqual({ ...read, ...expected }, read, JSON.stringify(item));
    }
  });

  it("is found inside an object or a JSON text, and keeps the places of items that cannot be read", () => {
    const azure = JSON.stringify({ citations: [{ content: "a", title: "A" }], intent: "x" });
    assert.equal(usedPassages(azure)[0]?.text, "a");
    assert.equal(usedPassages({ documents: [{ text: "b" }] })[0]?.text, "b");
    assert.deepEqual(
      usedPassages([null, 5, {}, "x"]).map((each) => each?.text),
      [undefined, undefined, undefined, "x"],
    );
    for (const nothing of [null, undefined, "", [], 3, "  "]) assert.deepEqual(usedPassages(nothing), []);
  });

  it("names the document and its media type", () => {
    const types = ["a.pdf", "b.MD", "c.htm?x=1", "d.docx", "e"].map((filename) => {
      const [read] = usedPassages([{ text: "t", title: "T", filename }]);
      return read && documentOf(read).mediaType.split("/")[1];
    });
    assert.deepEqual(types.slice(0, 3), ["pdf", "markdown", "html"]);
    assert.match(types[3] ?? "", /wordprocessingml/);
    assert.equal(types[4], "plain");
  });
});
