import type { ErrorRow } from "./row.ts";

export const SEARCH_ERRORS = {
  IndexNotFound: {
    actor: "operator",
    status: 404,
    meaning: "No search index has this name.",
    remedy:
      "`flowstead index list` names the ones there are; `flowstead index add FOLDER` makes one, `flowstead index import FOLDER` takes over a FAISS index.",
  },
  IndexExists: {
    actor: "caller",
    status: 409,
    meaning: "A search index of this name exists already.",
    remedy: "Choose another name, or remove the index first.",
  },
  IndexDamaged: {
    actor: "operator",
    status: 500,
    meaning: "The files of a search index cannot be read.",
    remedy:
      "`flowstead index rebuild --index NAME` reads again what was added to it; where that cannot be told any more, `flowstead index remove --all --index NAME`, then add its folders again. The documents themselves are not touched.",
  },
  SearchFailed: {
    actor: "operator",
    status: 500,
    meaning: "The search engine refused or failed a read or a write.",
    remedy: "Look at the cause in the log: a full disk and missing permissions are the usual ones.",
  },
  EmbedderMismatch: {
    actor: "operator",
    status: 409,
    meaning: "The index holds vectors of another embedding model or of another length.",
    remedy:
      "Configure the model that built the index, or build it anew with this one: `flowstead index rebuild --index NAME`.",
  },
  DocumentNotFound: {
    actor: "caller",
    status: 404,
    meaning: "A file or folder that should be indexed, listed or removed does not exist.",
    remedy: "Check the path; relative paths start at the current folder.",
  },
  SourceRefused: {
    actor: "operator",
    status: 403,
    meaning: "A store of documents does not let its objects be listed or read with the credentials given.",
    remedy: "Check the key, token or signature in the settings and what it allows, then add the source again.",
  },
  SourceUnavailable: {
    actor: "upstream",
    status: 502,
    retryable: true,
    meaning: "A store of documents cannot be reached, breaks off, or gives no listing.",
    remedy: "Check its address; what was indexed stays, and adding the source again goes on from there.",
  },
  DocumentUnreadable: {
    actor: "operator",
    status: 500,
    meaning: "The operating system would not let the file be read.",
    remedy: "Check the permissions of the file and its disk, then add the folder again.",
  },
  DocumentUnsupported: {
    actor: "caller",
    status: 415,
    meaning: "The file is of a kind that is not indexed.",
    remedy: "Convert it to Markdown, text, HTML, PDF or DOCX.",
  },
  DocumentDamaged: {
    actor: "caller",
    status: 422,
    meaning: "The file is cut short, is not what its name says, or breaks the rules of its format.",
    remedy: "Open it in the program that made it, save it anew and add it again.",
  },
  DocumentEncrypted: {
    actor: "caller",
    status: 422,
    meaning: "The file is protected by a password.",
    remedy: "Save a copy without a password and add that.",
  },
  DocumentEmpty: {
    actor: "caller",
    status: 422,
    meaning: "The file holds no text, as a scan does that was not run through text recognition.",
    remedy: "Run text recognition (OCR) on it, or leave it out.",
  },
  DocumentTooLarge: {
    actor: "caller",
    status: 413,
    meaning: "The file, its pages or what it unpacks to are more than the limit.",
    remedy: "Split the file, or raise the limit in the configuration.",
  },
  DocumentTooSlow: {
    actor: "caller",
    status: 422,
    meaning: "Reading the file took longer than the limit.",
    remedy: "Add it again when the machine is less busy, split it, or raise the limit.",
  },
} satisfies Record<string, ErrorRow>;
