// A folder with a FAISS index becomes an index of documents, which keeps the vectors as they were made. Flows then look it
// up under the folder's name, as they did.

import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import type { DocumentCatalog } from "../document/catalog.ts";
import type { DocumentAction } from "../document/document-index.ts";
import { readDocumentLines, readPickledDocuments, type StoredText } from "./docstore.ts";
import { type FlatIndex, readFlatIndex } from "./flat-index.ts";

const INDEX = "index.faiss";
const PICKLE = "index.pkl";
const LINES = "docstore.jsonl";
const MOST_BYTES = 1 << 30;
const BATCH = 500;
const KEY = /^(?!_)[A-Za-z0-9_=-]+$/;

export interface ImportedIndex {
  name: string;
  documents: number;
  dimensions: number;
}

/**
 * Makes the index `name` of what stands in `folder`; when a document cannot be written, there is no index.
 * @throws FlowsteadError `DocumentNotFound`, `IndexExists` and the `Document...` codes.
 */
export async function importFaiss(
  catalog: DocumentCatalog,
  folder: string,
  { name, replace }: { name: string; replace: boolean },
): Promise<ImportedIndex> {
  const index = readFlatIndex(await readPart(folder, INDEX), path.join(folder, INDEX));
  const texts = await readTexts(folder);
  const { dimensions, vectors } = index;
  if (texts.length !== vectors.length) {
    throw new FlowsteadError(
      "DocumentDamaged",
      `${folder} has ${vectors.length} vectors and ${texts.length} documents: they are not of one index.`,
    );
  }
  if (replace) await catalog.remove(name, {});
  await catalog.put(definitionOf(name, index), { mustBeNew: true });
  try {
    const target = await catalog.open(name);
    for (let at = 0; at < texts.length; at += BATCH) {
      const batch = texts.slice(at, at + BATCH).map((text, offset) => uploadOf(text, vectors[at + offset]!));
      const refused = (await target.write(batch)).find(({ statusCode }) => statusCode >= 300);
      if (refused) throw new FlowsteadError("DocumentDamaged", `Document ${refused.key}: ${refused.error}`);
    }
  } catch (thrown) {
    await catalog.remove(name, {});
    throw thrown;
  }
  return { name, documents: texts.length, dimensions };
}

async function readTexts(folder: string): Promise<StoredText[]> {
  const lines = await readPart(folder, LINES).catch((thrown: unknown) => {
    if (FlowsteadError.from(thrown).code === "DocumentNotFound") return undefined;
    throw thrown;
  });
  if (lines) return readDocumentLines(new TextDecoder().decode(lines), path.join(folder, LINES));
  return readPickledDocuments(await readPart(folder, PICKLE), path.join(folder, PICKLE));
}

async function readPart(folder: string, name: string): Promise<Uint8Array> {
  const file = path.join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    throw new FlowsteadError(
      "DocumentNotFound",
      `There is no ${file}. A FAISS index is a folder with ${INDEX} and ${PICKLE}, as LangChain's save_local writes it, or with ${INDEX} and ${LINES}.`,
    );
  }
  if (found.size > MOST_BYTES) {
    throw new FlowsteadError("DocumentTooLarge", `${file} has ${found.size} bytes; the limit is ${MOST_BYTES}.`);
  }
  return readFile(file);
}

function definitionOf(name: string, { dimensions, metric }: FlatIndex): Record<string, unknown> {
  return {
    name,
    fields: [
      { name: "id", type: "Edm.String", key: true },
      { name: "content", type: "Edm.String", searchable: true },
      { name: "title", type: "Edm.String", searchable: true },
      { name: "url", type: "Edm.String", filterable: true },
      // The name under which Azure ML keeps what else is known of a passage.
      { name: "meta_json_string", type: "Edm.String", searchable: false },
      {
        name: "contentVector",
        type: "Collection(Edm.Single)",
        searchable: true,
        dimensions,
        vectorSearchProfile: "imported",
      },
    ],
    vectorSearch: {
      profiles: [{ name: "imported", algorithm: "exact" }],
      algorithms: [{ name: "exact", kind: "exhaustiveKnn", exhaustiveKnnParameters: { metric } }],
    },
  };
}

function uploadOf({ id, text, metadata }: StoredText, vector: Float32Array): DocumentAction {
  const url = placeOf(metadata);
  const title = typeof metadata["title"] === "string" ? metadata["title"] : path.posix.basename(url);
  const document = {
    id: KEY.test(id) ? id : Buffer.from(id).toString("base64url"),
    content: text,
    title,
    url,
    meta_json_string: JSON.stringify(metadata),
    contentVector: Array.from(vector),
  };
  return { action: "upload", document };
}

/** LangChain's loaders write `source`, Azure ML's an object of that name with the address in it. */
function placeOf({ source, url }: Record<string, unknown>): string {
  const inner = typeof source === "object" && source !== null ? (source as Record<string, unknown>)["url"] : source;
  return [inner, url].find((one) => typeof one === "string") ?? "";
}
