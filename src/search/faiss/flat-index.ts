// The file of a FAISS index that keeps its vectors as they are: IndexFlat, alone or in an IndexIDMap. Its layout is that of
// faiss/impl/index_write.cpp: a header of 33 bytes, then the vectors, then the ids of a map.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Metric } from "../document/definition.ts";
import { ByteReader } from "./byte-reader.ts";

export interface FlatIndex {
  dimensions: number;
  metric: Metric;
  /** In the order in which they were added; views of the file's bytes where these lie right, copies else. */
  vectors: Float32Array[];
}

const FLAT = new Set(["IxF2", "IxFI", "IxFl"]);
const MAPS = new Set(["IxMp", "IxM2"]);
const METRICS: Readonly<Record<number, Metric>> = { 0: "dotProduct", 1: "euclidean" };
/** As the definition of an index has it. */
const MOST_DIMENSIONS = 4096;

/** @throws FlowsteadError `DocumentUnsupported`, `DocumentDamaged`. */
export function readFlatIndex(bytes: Uint8Array, file: string): FlatIndex {
  const reader = new ByteReader(bytes, file);
  const kind = reader.text(4);
  if (!MAPS.has(kind)) return readFlat(reader, kind, file);
  readHeader(reader);
  const index = readFlat(reader, reader.text(4), file);
  // Whose vector it is stands in the docstore by position; the ids only have to be there.
  const count = reader.int64();
  if (count !== index.vectors.length) throw reader.damaged(`it maps ${count} of ${index.vectors.length} vectors`);
  reader.take(count * 8);
  return index;
}

interface Header {
  dimensions: number;
  count: number;
  metric: number;
}

function readHeader(reader: ByteReader): Header {
  const dimensions = reader.int32();
  const count = reader.int64();
  reader.take(17);
  const metric = reader.int32();
  if (metric > 1) reader.take(4);
  return { dimensions, count, metric };
}

function readFlat(reader: ByteReader, kind: string, file: string): FlatIndex {
  if (!FLAT.has(kind)) throw notFlat(kind, file);
  const { dimensions, count, metric: number } = readHeader(reader);
  const metric = METRICS[number];
  if (!metric) throw unsupported(file, `it compares by the metric ${number}; IndexFlatL2 and IndexFlatIP can be read`);
  if (dimensions < 2 || dimensions > MOST_DIMENSIONS) {
    throw unsupported(file, `its vectors have ${dimensions} dimensions; 2 to ${MOST_DIMENSIONS} can be kept`);
  }
  const numbers = reader.int64();
  if (count < 0 || numbers !== count * dimensions) {
    throw reader.damaged(`it has ${numbers} numbers for ${count} vectors of ${dimensions} dimensions`);
  }
  const codes = reader.take(numbers * 4);
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  const vectors = Array.from({ length: count }, (_, row) =>
    Float32Array.from({ length: dimensions }, (_unused, at) => view.getFloat32((row * dimensions + at) * 4, true)),
  );
  const odd = vectors.findIndex((vector) => !vector.every(Number.isFinite));
  if (odd >= 0) throw reader.damaged(`vector ${odd} holds what is no number`);
  return { dimensions, metric, vectors };
}

function notFlat(kind: string, file: string): FlowsteadError {
  if (!/^[IB][A-Za-z0-9]{3}$/.test(kind)) return unsupported(file, "it is no FAISS index");
  return unsupported(
    file,
    `it is of the kind '${kind}', which does not keep its vectors as they are. Make a flat one of it in Python: ` +
      "flat = faiss.IndexFlatL2(index.d); flat.add(index.reconstruct_n(0, index.ntotal)); " +
      "faiss.write_index(flat, 'index.faiss')",
  );
}

function unsupported(file: string, reason: string): FlowsteadError {
  return new FlowsteadError("DocumentUnsupported", `${file} cannot be imported: ${reason}.`);
}
