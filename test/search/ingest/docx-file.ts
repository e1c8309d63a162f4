import { strToU8, zipSync } from "fflate";

/** A DOCX of the parts a word processor writes, with the body given as WordprocessingML. */
export function docxFile(body: string, parts: Record<string, Uint8Array> = {}): Uint8Array {
  const word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
  const styles = `<w:styles ${word}>
    <w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>
    <w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
    <w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Our heading"/><w:basedOn w:val="H2"/></w:style>
    <w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/></w:style>
  </w:styles>`;
  return zipSync({
    "[Content_Types].xml": strToU8("<Types/>"),
    "word/document.xml": strToU8(`<?xml version="1.0"?><w:document ${word}><w:body>${body}</w:body></w:document>`),
    "word/styles.xml": strToU8(styles),
    ...parts,
  });
}

/** A paragraph in a style. */
export function docxParagraph(text: string, style = "", list?: number): string {
  const numbering = list === undefined ? "" : `<w:numPr><w:ilvl w:val="${list}"/><w:numId w:val="1"/></w:numPr>`;
  const properties = style || numbering ? `<w:pPr><w:pStyle w:val="${style}"/>${numbering}</w:pPr>` : "";
  return `<w:p>${properties}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
}
