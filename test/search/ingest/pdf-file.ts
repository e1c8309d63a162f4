import { PDFDocument, StandardFonts } from "pdf-lib";

/** One placed line of text: what, where from the left and from the foot, and how large. */
export type PlacedText = [text: string, x: number, y: number, size?: number];

/** A PDF whose pages hold the lines given; a page without any is blank, as a scan is. */
export async function pdfFile(pages: readonly (readonly PlacedText[])[], title?: string): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  if (title !== undefined) pdf.setTitle(title);
  for (const lines of pages) {
    const page = pdf.addPage([595, 842]);
    for (const [text, x, y, size = 11] of lines) page.drawText(text, { x, y, size, font });
  }
  return pdf.save();
}
