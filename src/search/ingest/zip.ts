import { unzipSync } from "fflate";
import { FlowsteadError } from "../../base/error/error.ts";
import type { IngestLimits } from "./limit.ts";

/** Names of the parts of a ZIP file, or undefined when its list of them is broken or not there. */
export function zipNames(bytes: Uint8Array): string[] | undefined {
  const names: string[] = [];
  try {
    unzipSync(bytes, {
      filter: ({ name }) => {
        names.push(slashed(name));
        return false;
      },
    });
    return names;
  } catch {
    return undefined;
  }
}

/**
 * The wanted parts of a ZIP file by name. Sizes are checked before anything is unpacked, and no part is given more
 * memory than the size it claims.
 * @throws FlowsteadError `DocumentDamaged`, `DocumentEncrypted` or `DocumentTooLarge`.
 */
export function unzipParts(
  bytes: Uint8Array,
  wanted: (name: string) => boolean,
  limits: IngestLimits,
): Map<string, Uint8Array> {
  let total = 0;
  try {
    const parts = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (!wanted(slashed(name))) return false;
        total += originalSize;
        if (originalSize > 1024 * 1024 && originalSize > size * limits.expansion) {
          throw new FlowsteadError(
            "DocumentTooLarge",
            `Its part ${name} would unpack from ${size} to ${originalSize} bytes, more than ${limits.expansion} times.`,
          );
        }
        if (total > limits.unpackedBytes) {
          throw new FlowsteadError("DocumentTooLarge", `It would unpack to more than ${limits.unpackedBytes} bytes.`);
        }
        return true;
      },
    });
    return new Map(Object.entries(parts).map(([name, part]) => [slashed(name), part]));
  } catch (thrown) {
    if (thrown instanceof FlowsteadError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FlowsteadError("DocumentDamaged", `Its ZIP packing is broken: ${reason}.`, { cause: thrown });
  }
}

/** Some programs of Windows write its own slashes. */
function slashed(name: string): string {
  return name.replaceAll("\\", "/");
}
