import { getDocumentProxy, getMeta } from "unpdf";
import { FlowsteadError } from "../../../../base/error/error.ts";
import { DocumentBuilder } from "../document-builder.ts";
import type { ParsedDocument } from "../../document.ts";
import { MEDIA_TYPES } from "../../format.ts";
import type { IngestLimits } from "../../limit.ts";
import { entriesOf } from "./entry.ts";
import { type FontTables, fontTables } from "./font.ts";
import { withoutFurniture } from "./furniture.ts";
import { bodySize, headingSizes, isHeading, layOut } from "./layout.ts";
import { withTables } from "./column.ts";
import { hyphensOf } from "./join.ts";
import { toLinesAndTables } from "./grid.ts";
import { type Line, type TextRun, toLines } from "./line.ts";
import { rulesOf } from "./rule.ts";
import { turnedRuns } from "./run.ts";

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** @throws FlowsteadError `DocumentDamaged`, `DocumentEncrypted`, `DocumentEmpty` or `DocumentTooLarge`. */
export async function parsePdf(bytes: Uint8Array, name: string, limits: IngestLimits): Promise<ParsedDocument> {
  const fonts = fontTables();
  const pdf = await open(bytes, fonts);
  try {
    const builder = new DocumentBuilder(limits);
    if (pdf.numPages > limits.pages) {
      throw new FlowsteadError("DocumentTooLarge", `It has ${pdf.numPages} pages, and the limit is ${limits.pages}.`);
    }
    const title = await givenTitle(pdf);
    if (title) builder.title(title);
    const drawn: Line[][] = [];
    const entries: string[][] = [];
    for (let number = 1; number <= pdf.numPages; number++) {
      const page = await pdf.getPage(number);
      entries.push(await entriesOf(page));
      drawn.push(await linesOf(page, fonts));
    }
    const plain = withoutFurniture(drawn);
    const body = bodySize(plain);
    const pages = plain.map((lines) => withTables(lines, (line) => isHeading(line, body)));
    const setting = { body, headings: headingSizes(pages, body), whole: hyphensOf(plain.flat()) };
    pages.forEach((lines, at) => {
      builder.page(at + 1);
      layOut(lines, builder, setting);
      for (const entry of entries[at]!) builder.paragraph(entry);
    });
    const unread = fonts.notes();
    for (const note of unread) builder.note(note);
    const empty = drawn.map((lines, at) => lines.length + entries[at]!.length === 0);
    noteEmptyPages(empty, builder, unread);
    return builder.finish(MEDIA_TYPES.pdf, name);
  } catch (thrown) {
    throw explained(thrown);
  } finally {
    await pdf.destroy();
  }
}

/** Lines and tables of a page. */
async function linesOf(page: Awaited<ReturnType<Pdf["getPage"]>>, fonts: FontTables): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { runs, turnRules } of await turnedRuns(page, fonts)) {
    // Only a page whose texts stand side by side is searched for what it draws.
    const isBeside = (run: TextRun, at: number): boolean => {
      const next = runs.slice(at + 1, at + 4).find(({ str }) => str.trim() !== "");
      if (!next || Math.abs(next.y - run.y) >= run.fontSize * 8) return false;
      return Math.max(next.x - run.x - run.width, run.x - next.x - next.width) > run.fontSize;
    };
    const isSideBySide = runs.filter(isBeside).length > 1;
    lines.push(...(isSideBySide ? toLinesAndTables(runs, turnRules(await rulesOf(page))) : toLines(runs)));
  }
  page.cleanup();
  return lines;
}

async function open(bytes: Uint8Array, fonts: FontTables): Promise<Pdf> {
  try {
    // Pictures are not read, so none is unpacked.
    return await getDocumentProxy(bytes, { verbosity: 0, maxImageSize: 1, ...fonts.options });
  } catch (thrown) {
    throw explained(thrown);
  }
}

function explained(thrown: unknown): FlowsteadError {
  if (thrown instanceof FlowsteadError) return thrown;
  const name = thrown instanceof Error ? thrown.name : "";
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (name === "PasswordException") {
    return new FlowsteadError("DocumentEncrypted", "The PDF is protected by a password.", { cause: thrown });
  }
  return new FlowsteadError("DocumentDamaged", `The PDF cannot be read: ${message}`, { cause: thrown });
}

/** The title in the file's properties, unless a program left its own idea of one there. */
async function givenTitle(pdf: Pdf): Promise<string | undefined> {
  const { info } = await getMeta(pdf).catch(() => ({ info: {} as Record<string, unknown> }));
  const title = info["Title"];
  if (typeof title !== "string" || title.trim().length < 3) return undefined;
  return /^(?:\(?(?:untitled|anonymous|unspecified)|microsoft word|document\d*$|slide \d)|\.(?:docx?|odt|pdf|indd|tex|html?)$/i.test(
    title.trim(),
  )
    ? undefined
    : title;
}

function noteEmptyPages(empty: readonly boolean[], builder: DocumentBuilder, unread: readonly string[]): void {
  const pages = empty.flatMap((isEmpty, at) => (isEmpty ? [at + 1] : []));
  if (pages.length === 0) return;
  if (pages.length === empty.length) {
    if (unread.length > 0)
      throw new FlowsteadError("DocumentEmpty", `It has no text that can be read: ${unread.join("; ")}.`);
    const which = pages.length === 1 ? "Its page has" : `None of its ${pages.length} pages has`;
    throw new FlowsteadError(
      "DocumentEmpty",
      `${which}${pages.length === 1 ? " no" : ""} text: it is probably a scan.`,
    );
  }
  // What a font hides is told by its own note.
  if (unread.length > 0) return;
  const shown = pages.slice(0, 20).join(", ");
  const more = pages.length > 20 ? ` and ${pages.length - 20} more` : "";
  builder.note(`no text on page ${shown}${more} (an empty or scanned page)`);
}
