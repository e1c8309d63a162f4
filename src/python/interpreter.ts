import { existsSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../base/package-root.ts";

/** Variables for a child process. */
export type ProcessEnvironment = Record<string, string | undefined>;

/** The interpreter to use: the one configured, else the flow's own `.venv`, else `python3` from PATH. */
export function choosePython(directory: string, configured: string | undefined): string {
  if (configured) return configured;
  const own = ownPython(directory);
  return existsSync(own) ? own : DEFAULT_PYTHON;
}

const windows = process.platform === "win32";

export const DEFAULT_PYTHON = windows ? "python" : "python3";

/** Where a flow's own interpreter is, if it has one. */
export function ownPython(directory: string): string {
  return path.join(directory, ".venv", windows ? "Scripts/python.exe" : "bin/python");
}

/** The program that an interpreter is given. */
export function workerProgram(): string {
  return path.join(packageRoot(), "python", "flowstead_worker", "__main__.py");
}

/** Variables of a worker: what the caller gives, and what the worker must know. */
export function workerEnvironment(directory: string, given: ProcessEnvironment): ProcessEnvironment {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...given,
    PYTHONIOENCODING: "utf-8",
    PYTHONUNBUFFERED: "1",
    FLOWSTEAD_FLOW_DIRECTORY: directory,
    FLOWSTEAD_CHANNEL_FD: "3",
  };
}
