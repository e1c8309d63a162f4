/** Vectors as one text for stores that keep texts: four bytes a number, in base64. */
export function packVectors(vectors: Readonly<Record<string, Float32Array>>): string {
  const packed = Object.entries(vectors).map(([path, vector]) => [
    path,
    Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64"),
  ]);
  return packed.length === 0 ? "" : JSON.stringify(Object.fromEntries(packed));
}

export function unpackVectors(text: string): Record<string, Float32Array> {
  if (text === "") return {};
  const packed = JSON.parse(text) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(packed).map(([path, base64]) => {
      // A copy, because a view needs bytes that begin at a multiple of four.
      const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
      return [path, new Float32Array(bytes.buffer)];
    }),
  );
}
