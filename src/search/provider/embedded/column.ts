// Many rows at once are read by columns: an object per row costs several times as much as what is in it.

import type { RecordBatch, Vector } from "apache-arrow";
import type { Passage } from "../../search-index.ts";

interface ReadRow {
  passage: Passage;
  /** Analysed terms, separated by blanks. */
  body: string;
  field: string;
}

/** The rows of a batch that has all columns; vectors are copies, so that they do not hold the batch. */
export function* rowsOf(batch: RecordBatch): Generator<ReadRow> {
  const column = <T>(name: string): ((at: number) => T) => {
    const found = batch.getChild(name) as Vector | null;
    return (at) => found?.get(at) as T;
  };
  const id = column<string>("id");
  const documentId = column<string>("document_id");
  const title = column<string>("title");
  const text = column<string>("text");
  const ordinal = column<number>("ordinal");
  const headings = column<Iterable<string>>("headings");
  const page = column<number | null>("page");
  const start = column<number>("start");
  const end = column<number>("end");
  const source = column<string>("source");
  const groups = column<Iterable<string> | null | undefined>("groups");
  const body = column<string>("body_terms");
  const field = column<string>("field_terms");
  const language = column<string | null | undefined>("language");
  const vector = column<Vector | null | undefined>("vector");
  for (let at = 0; at < batch.numRows; at++) {
    const passage: Passage = {
      id: id(at),
      documentId: documentId(at),
      title: title(at),
      text: text(at),
      ordinal: ordinal(at),
      headings: Array.from(headings(at)),
      start: start(at),
      end: end(at),
      source: source(at),
    };
    const onPage = page(at);
    if (onPage !== null) passage.page = onPage;
    const readers = groups(at);
    if (readers) passage.groups = Array.from(readers);
    const inLanguage = language(at);
    if (inLanguage) passage.language = inLanguage;
    const numbers = vector(at);
    if (numbers) passage.vector = Float32Array.from(numbers.toArray() as Float32Array);
    yield { passage, body: body(at), field: field(at) };
  }
}
