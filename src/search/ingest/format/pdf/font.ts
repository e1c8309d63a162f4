// Which fonts of a PDF cannot be read, and why: text of theirs is left out, and a page of it is no scan.

import { predefinedCMap, UNKNOWN_GLYPH } from "./cmap.ts";

export interface FontTables {
  /** What `getDocument` is to be given. */
  options: object;
  /** The text as far as its letters are known. */
  known(str: string): string;
  /** Keeps for `notes` that text of these fonts was left out. */
  leftOut(page: FontPage, fonts: ReadonlySet<string>): Promise<void>;
  /** What was left out, a sentence for each font. */
  notes(): string[];
}

interface FontPage {
  pageNumber: number;
  getOperatorList(): Promise<unknown>;
  /** By the names that items of text have for their fonts; there once the page's drawing has been asked for. */
  commonObjs: { has(name: string): boolean; get(name: string): unknown };
}

/** Of one document. */
export function fontTables(): FontTables {
  const lacking = new Set<string>();
  const collections = new Set<string>();
  const pagesOf = new Map<string, Set<number>>();
  class Factory {
    async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
      if (kind !== "cMapUrl") throw new Error(`${filename} is not needed for text`);
      const { bytes, isKnown } = predefinedCMap(filename);
      if (!isKnown) lacking.add(filename);
      else if (filename.endsWith("-UCS2")) collections.add(filename.replace(/-UCS2$/, ""));
      return bytes;
    }
  }
  return {
    options: { BinaryDataFactory: Factory, cMapPacked: false },
    // Nearly all documents name no such table.
    known: (str) => (collections.size === 0 ? str : str.replaceAll(UNKNOWN_GLYPH, "")),
    async leftOut(page, fonts) {
      await page.getOperatorList();
      for (const font of fonts) {
        const { name = "" } = page.commonObjs.has(font) ? (page.commonObjs.get(font) as { name?: string }) : {};
        const plain = name.replace(/^[A-Z]{6}\+/, "") || "without a name";
        pagesOf.set(plain, (pagesOf.get(plain) ?? new Set()).add(page.pageNumber));
      }
    },
    notes() {
      const what =
        lacking.size > 0
          ? `the predefined CMap ${[...lacking].join(" or ")}`
          : `glyphs by their numbers in ${[...collections].join(" or ")}`;
      return Array.from(pagesOf, ([name, pages]) => {
        const where = [...pages].slice(0, 20).join(", ");
        return `font ${name} on page ${where} uses ${what}, whose letters this reader does not know`;
      });
    },
  };
}
