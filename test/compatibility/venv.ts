// Virtual environments with the packages that flows ask for, one for each set of packages.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What an installation of the original brings along, so that its flows import it without asking. */
const BROUGHT_ALONG = [
  "jinja2",
  "numpy",
  "openai",
  "pillow",
  "python-dotenv",
  "pyyaml",
  "requests",
  "ruamel.yaml",
  "setuptools",
  "tiktoken",
];
const PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
const INSTALL_MS = 900_000;

interface Place {
  /** Where the environments are. */
  folder: string;
  /** Makes them. */
  python: string;
  checkout: string;
}

/**
 * The interpreter of the environment for these packages, on top of those that all have; made at the first use.
 * @throws Error with pip's last words
 */
export function environmentFor(packages: readonly string[], place: Place): string {
  const base = environment([], place, (interpreter) => {
    run(interpreter, [...PIP, ...BROUGHT_ALONG]);
    // The package of the tool examples, from its source; what it asks for is the original itself.
    run(interpreter, [...PIP, "--no-deps", path.join(place.checkout, "examples/tools/tool-package-quickstart")]);
  });
  const wanted = packages.filter((name) => !BROUGHT_ALONG.includes(name)).toSorted();
  if (wanted.length === 0) return base;
  return environment(wanted, place, (interpreter) => {
    writeFileSync(path.join(sitePackages(interpreter), "base.pth"), sitePackages(base));
    run(interpreter, [...PIP, ...wanted]);
  });
}

function environment(
  packages: readonly string[],
  { folder, python }: Place,
  fill: (interpreter: string) => void,
): string {
  const place = path.join(folder, createHash("sha256").update(packages.join("\n")).digest("hex").slice(0, 12));
  const interpreter = path.join(place, "bin/python");
  if (existsSync(path.join(place, "complete"))) return interpreter;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run(python, ["-m", "venv", place]);
  fill(interpreter);
  writeFileSync(path.join(place, "complete"), packages.join("\n"));
  return interpreter;
}

function sitePackages(interpreter: string): string {
  return run(interpreter, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).trim();
}

function run(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: INSTALL_MS, encoding: "utf8" });
  } catch (thrown) {
    const { stderr = "" } = thrown as { stderr?: string };
    throw new Error(`installing failed: ${stderr.trim().split("\n").at(-1) ?? ""}`, { cause: thrown });
  }
}
