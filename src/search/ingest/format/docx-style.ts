import { SaxesParser } from "saxes";

/** What paragraph styles mean, by style id. */
export interface DocxStyles {
  /** Heading level from 1, 0 for the title, undefined for running text. */
  level(styleId: string): number | undefined;
  /** Depth of a list item from 1, undefined where the style makes none. */
  listDepth(styleId: string): number | undefined;
}

interface Style {
  name: string;
  basedOn?: string;
  outline?: number;
  list?: number;
}

/** Reads `word/styles.xml`: headings are known by name, by outline level, or by the style they are based on. */
export function readStyles(xml: string | undefined): DocxStyles {
  const styles = new Map<string, Style>();
  if (xml !== undefined) {
    let open: Style | undefined;
    const parser = new SaxesParser();
    parser.on("opentag", ({ name, attributes }) => {
      const value = attributes["w:val"] ?? "";
      if (name === "w:style") {
        open = { name: "" };
        styles.set(attributes["w:styleId"] ?? "", open);
      } else if (!open) return;
      else if (name === "w:name") open.name = value;
      else if (name === "w:basedOn") open.basedOn = value;
      else if (name === "w:outlineLvl") open.outline = Number(value);
      else if (name === "w:numPr") open.list = 1;
      else if (name === "w:ilvl" && open.list !== undefined) open.list = Number(value) + 1 || 1;
    });
    parser.on("closetag", ({ name }) => {
      if (name === "w:style") open = undefined;
    });
    parser.write(xml).close();
  }
  const level = (id: string, depth = 0): number | undefined => {
    const style = styles.get(id);
    const name = (style?.name ?? id).toLowerCase();
    if (name === "title") return 0;
    const heading = /^heading ?([1-9])$/.exec(name)?.[1];
    if (heading) return Number(heading);
    if (style?.outline !== undefined && style.outline < 9) return style.outline + 1;
    return style?.basedOn !== undefined && depth < 10 ? level(style.basedOn, depth + 1) : undefined;
  };
  const listDepth = (id: string, depth = 0): number | undefined => {
    const style = styles.get(id);
    // Word's own styles of deeper items are told by their number alone.
    const own = style?.list && Number(/^list (?:bullet|number) ([2-5])$/i.exec(style.name)?.[1] ?? style.list);
    if (own) return own;
    return style?.basedOn !== undefined && depth < 10 ? listDepth(style.basedOn, depth + 1) : undefined;
  };
  return { level: (id) => level(id), listDepth: (id) => listDepth(id) };
}
