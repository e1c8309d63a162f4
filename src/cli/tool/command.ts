import { Command } from "commander";
import { stringifyJson } from "../../base/json.ts";
import { mergeIncludes } from "../../flow/include.ts";
import { loadFlow } from "../../flow/load.ts";
import { packageTools } from "../../registry/package-tool.ts";
import type { Console } from "../console.ts";
import { flowTools } from "../flow/tools.ts";
import { type HomeOptions, withHome } from "../option.ts";
import { type ToolInitOptions, toolInit } from "./init.ts";
import { withPython } from "./python.ts";
import { type ToolValidateOptions, toolValidate } from "./validate.ts";

interface ListOptions extends HomeOptions {
  flow?: string;
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
    .description(
      "check the tools of a Python file, a folder or an installed package, or one function; prints the result as JSON",
    )
    .requiredOption("--source <source>", "a .py file, a folder, a package, or package.module.function")
    .option("--json", "accepted for scripts; the result is JSON in any case")
    .addHelpText(
      "after",
      "\nExamples:\n  flowstead tool validate --source shorten.py\n  flowstead tool validate --source text_tools/text_tools\n  flowstead tool validate --source text_tools.shorten.shorten",
    )
    .action((options: ToolValidateOptions) => toolValidate(options, console));
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
