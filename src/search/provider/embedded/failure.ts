import { FlowsteadError } from "../../../base/error/error.ts";

// What the engine says of files that are cut short, overwritten or gone.
const DAMAGE =
  /failed to fill whole buffer|not found: \S+\.lance|corrupt|unexpected end of file|invalid range|invalid (?:magic|footer|file)/i;
/** The place in the engine's own source, which helps nobody here. */
const ENGINE_PLACE = /, \/\S+\.rs:\d+:\d+/g;

const FULL = /no space left on device|quota exceeded|file too large/i;

/** Where the engine failed for want of room; what it had begun leaves nothing that is read. */
export function fullDisk(index: string, thrown: unknown): FlowsteadError | undefined {
  if (!(thrown instanceof Error) || !FULL.test(thrown.message)) return undefined;
  return new FlowsteadError(
    "StoreFull",
    `There is no room on the disk for what should be written to the index ${index}. It is as it was before; free some ` +
      "space and write again.",
    { cause: thrown },
  );
}

/** How a person gets a damaged index back. */
export function repairOf(index: string): string {
  return (
    `Make it anew from what was added to it: \`flowstead index rebuild --index ${index}\`, ` +
    `or remove it: \`flowstead index remove --all --index ${index}\`.`
  );
}

/** Why the engine failed, and what to do about it. */
export function engineFailure(index: string, thrown: unknown): FlowsteadError {
  const full = fullDisk(index, thrown);
  if (full) return full;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const reason = (text.split("\n")[0] ?? "").replaceAll(ENGINE_PLACE, "");
  if (DAMAGE.test(text)) {
    return new FlowsteadError(
      "IndexDamaged",
      `Files of the index ${index} are broken or missing: ${reason}. ${repairOf(index)}`,
      { cause: thrown },
    );
  }
  return new FlowsteadError("SearchFailed", `The engine of the index ${index} failed: ${reason}`, { cause: thrown });
}
