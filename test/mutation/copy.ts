// A copy of the project in which source files are edited and tests run, so that the project itself is never touched.

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Mutation, mutate } from "./table.ts";

export interface Copy {
  /** Whether a test file passes, in time: what takes the behaviour away may leave its test hanging. */
  passes(file: string, longestMs: number): Promise<boolean>;
  /** Runs `work` while a source file is edited. */
  withEdit<T>(mutation: Mutation, work: () => Promise<T>): Promise<T>;
  remove(): void;
}

export function copyProject(signal: AbortSignal): Copy {
  const root = mkdtempSync(path.join(tmpdir(), "fs-mutation-"));
  // Containers read it as somebody else.
  chmodSync(root, 0o755);
  for (const name of readdirSync(".")) {
    if (LEFT_OUT.has(name)) continue;
    if (LINKED.has(name)) link(path.resolve(name), path.join(root, name));
    else cpSync(name, path.join(root, name), { recursive: true, verbatimSymlinks: true });
  }
  return {
    passes: (file, longestMs) => runTest(file, { cwd: root, longestMs, signal }),
    async withEdit(mutation, work) {
      const file = path.join(root, mutation.file);
      // The copy's own text: the project may have been worked on since.
      const text = readFileSync(file, "utf8");
      writeFileSync(file, mutate(mutation, root));
      try {
        return await work();
      } finally {
        writeFileSync(file, text);
      }
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

const LEFT_OUT = new Set([".git", "build", "coverage", ".flowstead"]);
const LINKED = new Set(["node_modules", "dist"]);

/** Hard links, since containers see nothing behind a symbolic one; which is what there is where files cannot be linked. */
function link(from: string, to: string): void {
  if (spawnSync("cp", ["-al", from, to]).status === 0) return;
  rmSync(to, { recursive: true, force: true });
  symlinkSync(from, to);
}

/** From the sources, not from build/, in a group of processes of its own: a test that hangs ends with all it has started. */
function runTest(
  file: string,
  { cwd, longestMs, signal }: { cwd: string; longestMs: number; signal: AbortSignal },
): Promise<boolean> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, ["--import", "tsx", "--test", file], { cwd, stdio: "ignore", detached: true });
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  const timer = setTimeout(end, longestMs);
  signal.addEventListener("abort", end, { once: true });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(code === 0);
    });
  });
}
