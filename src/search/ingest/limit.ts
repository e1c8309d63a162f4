/** What a single file may cost; each limit turns a hostile or broken file into one line of the report. */
export interface IngestLimits {
  /** Bytes of the file. */
  fileBytes: number;
  /** Bytes that packed parts of a file may unpack to, all together. */
  unpackedBytes: number;
  /** How many times its packed size a part may unpack to, once it is above a megabyte. */
  expansion: number;
  pages: number;
  /** Characters of extracted text. */
  characters: number;
  timeMs: number;
  /** Megabytes that the reading may add to the process. */
  memoryMb: number;
}

export const DEFAULT_LIMITS: Readonly<IngestLimits> = {
  fileBytes: 100 * 1024 * 1024,
  unpackedBytes: 256 * 1024 * 1024,
  expansion: 200,
  pages: 5000,
  characters: 20_000_000,
  timeMs: 120_000,
  memoryMb: 1024,
};
