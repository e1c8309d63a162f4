// `tool validate`: the tools of a Python file, or one function of a module, each read as flows would read it.

import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import type { PythonPool } from "../../python/pool.ts";
import { toolMeta } from "../../tool/meta.ts";
import type { Console } from "../console.ts";
import { errorPlace } from "../flow/place.ts";
import type { HomeOptions } from "../option.ts";
import { withPython } from "./python.ts";

export interface ToolValidateOptions extends HomeOptions {
  source: string;
}

interface Verdict {
  count: number;
  faults: FlowsteadError[];
}

const FUNCTION = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.([A-Za-z_]\w*)$/;

/** The result has the original's form; the exit code is 1 when a tool cannot be used. */
export async function toolValidate({ source, ...home }: ToolValidateOptions, console: Console): Promise<void> {
  const isFile = existsSync(source) && statSync(source).isFile() && source.endsWith(".py");
  const [, module, name] = FUNCTION.exec(source) ?? [];
  if (!isFile && (module === undefined || name === undefined || source.endsWith(".py"))) {
    throw new FlowsteadError(
      "UsageError",
      `Invalid source to validate tools: ${source} is not a .py file, and no function as package.module.function.`,
    );
  }
  const directory = isFile ? path.dirname(path.resolve(source)) : process.cwd();
  const { count, faults } = await withPython(directory, home, (python) =>
    isFile
      ? fileVerdict(source, directory, python)
      : functionVerdict(`from ${module} import ${name}`, [`${name}`], python),
  );
  // A machine without Python says nothing about the tool.
  const alien = faults.find(({ actor }) => actor !== "author");
  if (alien) throw alien;
  if (faults.length > 0) console.fail();
  const errors = faults.map((fault) => ({
    message: fault.message,
    location: isFile ? (errorPlace(fault, directory) ?? source) : source,
  }));
  console.print(
    stringifyJson(
      {
        result: faults.length > 0 ? "Failed" : "Succeeded",
        total_count: count,
        invalid_count: faults.length,
        ...(faults.length > 0 ? { errors } : {}),
      },
      2,
    ),
  );
}

async function fileVerdict(source: string, directory: string, python: PythonPool): Promise<Verdict> {
  try {
    await toolMeta(path.basename(source), "python", { directory, python });
    return { count: 1, faults: [] };
  } catch (thrown) {
    const fault = FlowsteadError.from(thrown);
    // A node takes a file with one tool; a package's file may have more.
    const names =
      fault.code === "MultipleToolsDefined" ? /collected \d+ tools: ([\w, ]+)\./.exec(fault.message)?.[1] : undefined;
    if (names === undefined) return { count: 1, faults: [fault] };
    const load = `import importlib.util
spec = importlib.util.spec_from_file_location(${JSON.stringify(path.parse(source).name)}, ${JSON.stringify(path.resolve(source))})
loaded = importlib.util.module_from_spec(spec)
spec.loader.exec_module(loaded)
globals().update((name, value) for name, value in vars(loaded).items() if not name.startswith("__"))`;
    return functionVerdict(load, names.split(", "), python);
  }
}

/** Each function as if it were the one tool of a file: what `load` brings in becomes that file's own. */
async function functionVerdict(load: string, names: readonly string[], python: PythonPool): Promise<Verdict> {
  const folder = await mkdtemp(path.join(tmpdir(), "tool-validate-"));
  const faults: FlowsteadError[] = [];
  try {
    for (const name of names) {
      const file = path.join(folder, `${name}.py`);
      await writeFile(file, `${load}\n${name}.__module__ = __name__\n`);
      await python.meta(file).catch((thrown: unknown) => faults.push(FlowsteadError.from(thrown)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { count: names.length, faults };
}
