import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

/** A disk of so many KiB until the end of the test; undefined without the right to mount one. */
export function smallDisk(context: TestContext, kib: number): string | undefined {
  const disk = mkdtempSync(path.join(tmpdir(), "disk-"));
  let isMounted = false;
  context.after(() => {
    if (isMounted) execFileSync("umount", ["-l", disk]);
    rmdirSync(disk);
  });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "none", disk], { stdio: "ignore" });
    isMounted = true;
  } catch {
    return undefined;
  }
  return disk;
}
