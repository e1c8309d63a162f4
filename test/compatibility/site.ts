// A web server with one page and one PDF, for examples that would fetch such things from the Internet.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PDFDocument, StandardFonts } from "pdf-lib";

const TEXT = "BERT is a language representation model. It is pre-trained on text and fine-tuned with one more layer.";

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const pdf = await onePage();
  const page = `<!doctype html><title>A page</title><body><h1>About BERT</h1><p>${TEXT}</p></body>`;
  const server = createServer((request, response) => {
    const isPdf = request.url?.endsWith(".pdf") ?? false;
    response.setHeader("content-type", isPdf ? "application/pdf" : "text/html");
    response.end(isPdf ? pdf : page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function onePage(): Promise<Buffer> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  document.addPage([600, 200]).drawText(TEXT, { x: 20, y: 100, size: 10, font });
  return Buffer.from(await document.save());
}
