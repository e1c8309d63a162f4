// What the tests of the readers share.

import assert from "node:assert/strict";
import { strToU8 } from "fflate";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import type { ParsedDocument } from "../../../src/search/ingest/document.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "../../../src/search/ingest/limit.ts";
import { parseDocument } from "../../../src/search/ingest/parse.ts";

export function parse(
  source: string | Uint8Array,
  name: string,
  limits: Partial<IngestLimits> = {},
): Promise<ParsedDocument> {
  const bytes = typeof source === "string" ? strToU8(source) : source;
  return parseDocument(bytes, name, { ...DEFAULT_LIMITS, ...limits });
}

/** Kind and text of each block, with its page where it has one; of headings the level instead, where that is asked for. */
export function outline({ text, blocks }: ParsedDocument, headings: "level" | "page" = "level"): string[] {
  return blocks.map(({ kind, level, page, start, end }) => {
    const onPage = page === undefined ? "" : `@${page}`;
    const place = kind === "heading" && headings === "level" ? (level ?? "") : onPage;
    return `${kind}${place} ${text.slice(start, end)}`;
  });
}

/** For `assert.rejects`. */
export function failsWith(code: string, message: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof FlowsteadError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    assert.match(thrown.message, message);
    return true;
  };
}
