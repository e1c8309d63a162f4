// Virtual environments with the packages that flows ask for, one for each set of packages.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What an installation of the original brings along, so that its flows import it without asking. */
const BROUGHT_ALONG = ["jinja2", "numpy", "openai", "pillow", "python-dotenv", "requests", "tiktoken"];
const INSTALL_MS = 900_000;

/** The interpreter of the environment for these packages; made at the first use. @throws Error with pip's last words */
export function environmentFor(
  packages: readonly string[],
  { folder, python }: { folder: string; python: string },
): string {
  const wanted = [...new Set([...BROUGHT_ALONG, ...packages])].sort();
  const place = path.join(folder, createHash("sha256").update(wanted.join("\n")).digest("hex").slice(0, 12));
  const interpreter = path.join(place, "bin/python");
  if (existsSync(path.join(place, "complete"))) return interpreter;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run(python, ["-m", "venv", place]);
  run(interpreter, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...wanted]);
  writeFileSync(path.join(place, "complete"), wanted.join("\n"));
  return interpreter;
}

function run(program: string, args: string[]): void {
  try {
    execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: INSTALL_MS, encoding: "utf8" });
  } catch (thrown) {
    const { stderr = "" } = thrown as { stderr?: string };
    throw new Error(`installing failed: ${stderr.trim().split("\n").at(-1) ?? ""}`, { cause: thrown });
  }
}
