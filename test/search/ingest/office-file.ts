import { strToU8, zipSync } from "fflate";

const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

function relations(list: readonly (readonly [id: string, kind: string, target: string])[]): Uint8Array {
  const entries = list.map(
    ([id, kind, target]) => `<Relationship Id="${id}" Type="${RELATIONS}/${kind}" Target="${target}"/>`,
  );
  return strToU8(`<Relationships>${entries.join("")}</Relationships>`);
}

export interface Slide {
  /** Shapes as DrawingML. */
  shapes: string;
  notes?: string;
  /** Parts that it refers to, by kind and name in the package. */
  parts?: readonly { kind: string; name: string; xml: string }[];
}

/** A PPTX whose slides are shown in the order given and lie in files of the opposite order, as moved slides do. */
export function pptxFile(slides: readonly Slide[]): Uint8Array {
  const files: Record<string, Uint8Array> = { "[Content_Types].xml": strToU8("<Types/>") };
  const last = slides.length;
  files["ppt/presentation.xml"] = strToU8(
    `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst>${slides.map((_, at) => `<p:sldId id="${256 + at}" r:id="r${at}"/>`).join("")}</p:sldIdLst></p:presentation>`,
  );
  files["ppt/_rels/presentation.xml.rels"] = relations(
    slides.map((_, at) => [`r${at}`, "slide", `slides/slide${last - at}.xml`]),
  );
  slides.forEach(({ shapes, notes, parts = [] }, at) => {
    const number = last - at;
    files[`ppt/slides/slide${number}.xml`] = strToU8(
      `<p:sld xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:sld>`,
    );
    files[`ppt/slides/_rels/slide${number}.xml.rels`] = relations([
      ...(notes === undefined ? [] : [["r1", "notesSlide", `../notesSlides/notesSlide${number}.xml`] as const]),
      ...parts.map(({ kind, name }, nth) => [`p${nth}`, kind, `../${name}`] as const),
    ]);
    for (const { name, xml } of parts) files[`ppt/${name}`] = strToU8(xml);
    if (notes === undefined) return;
    files[`ppt/notesSlides/notesSlide${number}.xml`] = strToU8(
      `<p:notes xmlns:p="p" xmlns:a="a">${slideShape(["5"], "sldNum")}${slideShape([notes], "body")}</p:notes>`,
    );
  });
  return zipSync(files);
}

/** A box with a line of text each, as a placeholder of a kind. */
export function slideShape(lines: readonly string[], placeholder?: string): string {
  const kind = placeholder === undefined ? "" : `<p:nvSpPr><p:nvPr><p:ph type="${placeholder}"/></p:nvPr></p:nvSpPr>`;
  return `<p:sp>${kind}<p:txBody>${lines.map((text) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`).join("")}</p:txBody></p:sp>`;
}

export function slideTable(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => `<a:tc><a:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></a:txBody></a:tc>`;
  return `<p:graphicFrame><a:graphic><a:tbl>${rows.map((row) => `<a:tr>${row.map(cell).join("")}</a:tr>`).join("")}</a:tbl></a:graphic></p:graphicFrame>`;
}

export interface Sheet {
  name: string;
  /** Rows as SpreadsheetML. */
  rows: string;
  state?: string;
}

/** An XLSX of sheets over shared strings and the formats of cells, by their codes. */
export function xlsxFile(
  sheets: readonly Sheet[],
  strings: readonly string[] = [],
  formats: readonly string[] = [],
): Uint8Array {
  const files: Record<string, Uint8Array> = { "[Content_Types].xml": strToU8("<Types/>") };
  const entries = sheets.map(
    ({ name, state }, at) =>
      `<sheet name="${name}" sheetId="${at + 1}" r:id="r${at}"${state ? ` state="${state}"` : ""}/>`,
  );
  files["xl/workbook.xml"] = strToU8(`<workbook xmlns:r="r"><sheets>${entries.join("")}</sheets></workbook>`);
  files["xl/_rels/workbook.xml.rels"] = relations(
    sheets.map((_, at) => [`r${at}`, "worksheet", `worksheets/sheet${at + 1}.xml`]),
  );
  files["xl/sharedStrings.xml"] = strToU8(
    `<sst>${strings.map((text) => `<si><r><t>${text}</t></r></si>`).join("")}</sst>`,
  );
  const codes = formats.map(
    (code, at) => `<numFmt numFmtId="${200 + at}" formatCode="${code.replaceAll('"', "&quot;")}"/>`,
  );
  const styles = ["<xf/>", ...formats.map((_, at) => `<xf numFmtId="${200 + at}"/>`)];
  files["xl/styles.xml"] = strToU8(
    `<styleSheet><numFmts>${codes.join("")}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${styles.join("")}</cellXfs></styleSheet>`,
  );
  sheets.forEach(({ rows }, at) => {
    files[`xl/worksheets/sheet${at + 1}.xml`] = strToU8(`<worksheet><sheetData>${rows}</sheetData></worksheet>`);
  });
  return zipSync(files);
}
