import type { DocumentProvider } from "../document/document-store.ts";
import { embeddedDocuments } from "./embedded/document/provider.ts";
import { type IndexFolderOptions, type Search, searchInFolder } from "./embedded/folder.ts";

export type { Search } from "./embedded/folder.ts";
export { createEmbeddedIndex, openEmbeddedIndex } from "./embedded/open.ts";

export type SearchSettings = IndexFolderOptions;

/** The named indexes under one folder. Nothing heavy is loaded until an index is opened. */
export function openSearch(settings: SearchSettings): Search {
  return searchInFolder(settings);
}

/** Where indexes of documents are kept. */
export function documentProvider(settings: { folder: string }): DocumentProvider {
  return embeddedDocuments(settings.folder);
}
