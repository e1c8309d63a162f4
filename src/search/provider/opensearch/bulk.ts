// A batch as the cluster's lines, and its results.

import { FlowsteadError } from "../../../base/error/error.ts";
import type { Schema } from "../../document/definition.ts";
import type { ActionResult, DocumentAction } from "../../document/document-index.ts";
import { keyOf, toStored } from "../../document/value.ts";
import type { Json } from "./client.ts";

export interface Planned {
  key: string;
  action: DocumentAction["action"];
  /** Two lines, one for a deletion. */
  lines: string[];
}

/** Documents are checked before anything is sent. */
export function planned({ action, document }: DocumentAction, schema: Schema): Planned | ActionResult {
  const given = document[schema.key];
  const key = typeof given === "string" ? given : "";
  try {
    keyOf(document, schema);
    if (action === "delete") return { key, action, lines: [JSON.stringify({ delete: { _id: key } })] };
    const { fields, vectors } = toStored(document, schema);
    const plain: Json = { ...fields };
    for (const [name, vector] of Object.entries(vectors)) plain[name] = Array.from(vector);
    if (action === "upload")
      return { key, action, lines: [JSON.stringify({ index: { _id: key } }), JSON.stringify(plain)] };
    // What is merged changes the fields that it names, and no others.
    const named = Object.fromEntries(
      Object.keys(document)
        .filter((name) => name !== "@search.action")
        .map((name) => [name, plain[name] ?? null]),
    );
    const update = { doc: named, ...(action === "mergeOrUpload" ? { doc_as_upsert: true } : {}) };
    return { key, action, lines: [JSON.stringify({ update: { _id: key } }), JSON.stringify(update)] };
  } catch (thrown) {
    if (thrown instanceof FlowsteadError && thrown.code === "InvalidRequest")
      return { key, statusCode: 400, error: thrown.message };
    throw thrown;
  }
}

export function resultOf({ key, action }: Planned, item: Json): ActionResult {
  const { status, error } = Object.values(item)[0] as { status: number; error?: { type?: string; reason?: string } };
  if (status < 300 || (action === "delete" && status === 404)) return { key, statusCode: status === 201 ? 201 : 200 };
  if (status === 404) return { key, statusCode: 404, error: "Document not found." };
  return { key, statusCode: status, error: `OpenSearch: ${error?.reason ?? error?.type ?? `status ${status}`}` };
}
