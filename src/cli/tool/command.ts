import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { mergeIncludes } from "../../flow/include.ts";
import { loadFlow } from "../../flow/load.ts";
import { type PythonPool, createPythonPool } from "../../python/pool.ts";
import { packageTools } from "../../registry/package-tool.ts";
import { toolMeta } from "../../tool/meta.ts";
import type { Console } from "../console.ts";
import { errorPlace } from "../flow/place.ts";
import { flowTools } from "../flow/tools.ts";
import { type HomeOptions, ownConfigOf, withHome } from "../option.ts";
import { type ToolInitOptions, toolInit } from "./init.ts";

interface ListOptions extends HomeOptions {
  flow?: string;
}

interface ValidateOptions extends HomeOptions {
  source: string;
}

export function toolCommand(console: Console): Command {
  const tool = new Command("tool");
  withHome(tool.command("init"))
    .description("write a Python tool to begin with, alone or in a package that can be installed")
    .requiredOption("--tool <name>", "name of the tool: a Python name")
    .option("--package <name>", "name of a package to make it in: a Python name")
    .option("--set <value...>", "what else stands in its decorator: icon=<file>, category=<text>")
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  flowstead tool init --tool shorten\n  flowstead tool init --package text_tools --tool shorten --set category=text",
    )
    .action((options: ToolInitOptions) => toolInit(options, console));
  withHome(tool.command("list"))
    .description("print the package tools, and those of a flow's own files, as JSON")
    .option("--flow <folder>", "folder of the flow, or its flow.dag.yaml")
    .option("--json", "accepted for scripts; the list is JSON in any case")
    .action((options: ListOptions) => list(options, console));
  withHome(tool.command("validate"))
    .description("check the tool that a Python file defines; prints the result as JSON")
    .requiredOption("--source <file>", "a .py file")
    .option("--json", "accepted for scripts; the result is JSON in any case")
    .action((options: ValidateOptions) => validate(options, console));
  return tool;
}

async function list({ flow, ...home }: ListOptions, console: Console): Promise<void> {
  const tools = { package: packageTools(), code: flow === undefined ? {} : await codeTools(flow, home, console) };
  console.print(stringifyJson(tools, 4));
}

/** The tools of the files that can be read; what is wrong with the others is said. */
async function codeTools(flow: string, home: HomeOptions, console: Console): Promise<object> {
  const { directory, definition } = loadFlow(flow);
  const { additionalIncludes, file } = definition;
  const merged = additionalIncludes.length > 0 ? mergeIncludes(directory, additionalIncludes, file) : undefined;
  const folder = merged?.directory ?? directory;
  try {
    return await withPython(folder, home, async (python) => {
      const { tools, faults } = await flowTools(definition, { directory: folder, python });
      for (const [name, fault] of faults) console.say(`warning: ${name}: ${fault.message}`);
      return tools.code;
    });
  } finally {
    merged?.remove();
  }
}

/** The result has the original's form; the exit code is 1 when the tool cannot be used. */
async function validate({ source, ...home }: ValidateOptions, console: Console): Promise<void> {
  if (!existsSync(source) || !statSync(source).isFile() || !source.endsWith(".py")) {
    throw new FlowsteadError("UsageError", `Invalid source to validate tools: ${source} is not a .py file.`);
  }
  const directory = path.dirname(path.resolve(source));
  const error = await withPython(directory, home, async (python) => {
    try {
      await toolMeta(path.basename(source), "python", { directory, python });
      return undefined;
    } catch (thrown) {
      const found = FlowsteadError.from(thrown);
      // A machine without Python says nothing about the tool.
      if (found.actor !== "author") throw found;
      return found;
    }
  });
  if (error) console.fail();
  const counts = { total_count: 1, invalid_count: error ? 1 : 0 };
  const location = error && (errorPlace(error, directory) ?? source);
  const errors = error ? { errors: [{ message: error.message, location }] } : {};
  console.print(stringifyJson({ result: error ? "Failed" : "Succeeded", ...counts, ...errors }, 2));
}

async function withPython<T>(
  directory: string,
  home: HomeOptions,
  work: (python: PythonPool) => Promise<T>,
): Promise<T> {
  const { config, env } = ownConfigOf(home);
  const python = createPythonPool({ directory, interpreter: config.python, env });
  try {
    return await work(python);
  } finally {
    await python.close();
  }
}
