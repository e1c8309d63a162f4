import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe } from "node:test";
import { providerDocumentSuite } from "./catalog-of-provider.ts";

describe("the embedded engine as a provider of documents", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "flowstead-documents-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  providerDocumentSuite("embedded", { title: "embedded", folder: () => folder });
});
