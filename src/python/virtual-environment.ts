// A flow's own Python: the `.venv` in its folder, with the packages of its requirements file.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type ProcessEnvironment, ownPython } from "./interpreter.ts";

export interface VirtualEnvironmentOptions {
  /** The flow's folder. */
  directory: string;
  /** Makes the environment. */
  interpreter: string;
  /** A pip requirements file; without one the environment has Python alone. */
  requirements?: string | undefined;
  /** A folder of package files to install from, instead of an index. */
  findLinks?: string | undefined;
  /** Whether an environment that is there is made anew. */
  clear: boolean;
  env: ProcessEnvironment;
  onProgress: (line: string) => void;
}

export interface VirtualEnvironment {
  python: string;
  /** Whether it was made now, or only its packages brought up to date. */
  made: boolean;
  /** What pip installed, as name-version. */
  installed: string[];
}

/** Of the caller's variables, those that Python and pip need; keys of models are no business of a package's set-up code. */
const PASSED =
  /^(PATH|HOME|USER|LANG|LC_\w+|TMPDIR|TEMP|TMP|SYSTEMROOT|PIP_\w+|(https?|no|all)_proxy|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|XDG_\w+)$/i;

const UNREACHABLE =
  /NewConnectionError|Failed to establish a new connection|NameResolutionError|name resolution|Network is unreachable|No route to host|ConnectTimeout|ProxyError|Max retries exceeded|Connection refused/i;

/**
 * Makes the environment where there is none, and installs the requirements. One that could not be filled is removed again: a
 * flow would use it as it is.
 * @throws FlowsteadError `PythonNotFound`, `PythonEnvironmentFailed`, `PackageIndexUnreachable`.
 */
export async function makeVirtualEnvironment(options: VirtualEnvironmentOptions): Promise<VirtualEnvironment> {
  const { directory, interpreter, clear, onProgress } = options;
  const folder = path.join(directory, ".venv");
  const python = ownPython(directory);
  const made = clear || !existsSync(python);
  try {
    if (made) {
      onProgress(`making ${folder} with ${interpreter}`);
      const { code, output } = await run(interpreter, ["-m", "venv", ...(clear ? ["--clear"] : []), folder], options);
      if (code !== 0) throw failed(`${interpreter} cannot make ${folder}`, output, VENV_HINT);
    }
    return { python, made, installed: await install(python, options) };
  } catch (thrown) {
    if (made) await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
}

const VENV_HINT = "On Debian and Ubuntu the package python3-venv has what is needed.";

async function install(python: string, options: VirtualEnvironmentOptions): Promise<string[]> {
  const { requirements, findLinks, onProgress } = options;
  if (requirements === undefined) return [];
  const words = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"];
  const places = findLinks === undefined ? [] : ["--no-index", "--find-links", findLinks];
  onProgress(`installing ${requirements}`);
  const { code, output } = await run(python, [...words, ...places, "-r", requirements], options);
  if (code === 0)
    return (/^Successfully installed (.*)$/m.exec(output)?.[1] ?? "").split(" ").filter((name) => name !== "");
  if (UNREACHABLE.test(output)) {
    throw new FlowsteadError(
      "PackageIndexUnreachable",
      `pip cannot reach its package index for ${requirements}: ${lastFault(output)}. Connect this machine, name a mirror in PIP_INDEX_URL, or give a folder of package files with --find-links.`,
    );
  }
  throw failed(`pip cannot install ${requirements}`, output, "Mend the file, or choose another Python with --python.");
}

function failed(what: string, output: string, hint: string): FlowsteadError {
  return new FlowsteadError("PythonEnvironmentFailed", `${what}: ${lastFault(output)}. ${hint}`);
}

/** What pip or Python complain of at last, without pip's own word for it. */
function lastFault(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const said = lines.filter((line) => line !== "");
  const fault = said.findLast((line) => /^(ERROR|error):|^\w*Error:/.test(line)) ?? said.at(-1) ?? "it said nothing";
  return fault.replace(/^ERROR:\s*/, "").replace(/\.$/, "");
}

function run(
  program: string,
  words: string[],
  { directory, env, onProgress }: VirtualEnvironmentOptions,
): Promise<{ code: number | null; output: string }> {
  const passed = Object.fromEntries(Object.entries(env).filter(([name]) => PASSED.test(name)));
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: directory,
      env: { ...passed, PYTHONUNBUFFERED: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const hear = (chunk: Buffer): void => {
      const text = chunk.toString();
      output = (output + text).slice(-100_000);
      const line = text.trim().split("\n").at(-1);
      if (line) onProgress(line);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", (cause) => {
      const message = `There is no Python ${program}: ${cause.message}. Install one, or name one with --python.`;
      reject(new FlowsteadError("PythonNotFound", message, { cause }));
    });
    child.on("close", (code) => resolve({ code, output }));
  });
}
