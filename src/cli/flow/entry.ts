// `flow init --entry`: a flow around a function that is there. The function's parameters become the flow's inputs, and
// templates become prompt nodes whose text a parameter gets.

import { existsSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Document } from "yaml";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import type { ValueMap } from "../../base/value.ts";
import { describeTemplate } from "../../tool/meta.ts";
import type { Console } from "../console.ts";
import { declared, describeEntry } from "./entry-signature.ts";
import { type FlowInitOptions, confirmReplacing } from "./init.ts";
import { type HomeOptions, commandName } from "../option.ts";
import { pairs } from "../pair.ts";

export interface FlowEntryOptions extends FlowInitOptions, HomeOptions {
  entry?: string;
  function?: string;
  promptTemplate?: string[];
}

const EMPTY_TEMPLATE = "{# please enter your prompt content in this file. #}\n";

export async function flowEntry(options: FlowEntryOptions, console: Console): Promise<void> {
  const { flow, entry, function: name, json = false } = options;
  if (entry === undefined || name === undefined)
    throw new FlowsteadError("UsageError", "Give both: --entry FILE.py, and --function, the function in it.");
  if (!existsSync(flow) || !statSync(flow).isDirectory())
    throw new FlowsteadError("UsageError", `There is no folder ${flow}. It must hold ${entry}.`);
  const module = path.basename(entry, ".py");
  if (!existsSync(path.join(flow, `${module}.py`)))
    throw new FlowsteadError("UsageError", `There is no ${path.join(flow, `${module}.py`)}.`);
  const { inputs, init } = await describeEntry(`${module}:${name}`, path.resolve(flow), options);
  if (init !== null)
    throw new FlowsteadError(
      "UsageError",
      `${name} is a class. \`${commandName()} flow save --entry ${module}:${name} --code ${flow}\` makes a flow of it.`,
    );
  const templates = pairs(options.promptTemplate ?? []);
  const taken = Object.keys(templates).filter((parameter) => !Object.hasOwn(inputs, parameter));
  if (taken.length > 0) {
    throw new FlowsteadError(
      "UsageError",
      `Template parameter ${taken.join(", ")} doesn't find in python function arguments: ${Object.keys(inputs).join(", ")}.`,
    );
  }
  const file = `${name}_tool.py`;
  await confirmReplacing(flow, ["flow.dag.yaml", file], options.yes ?? false);
  const prompts = await promptNodes(flow, templates, console);
  const parameters = Object.keys(inputs);
  const own = Object.fromEntries(Object.entries(inputs).filter(([parameter]) => !Object.hasOwn(templates, parameter)));
  const yaml = flowYaml({ inputs: declared(own), prompts, parameters, file, name });
  await writeFile(path.join(flow, file), toolFile(module, name, parameters));
  await writeFile(path.join(flow, "flow.dag.yaml"), yaml);
  const made = ["flow.dag.yaml", file];
  if (json) return console.print(stringifyJson({ flow: path.resolve(flow), type: "standard", files: made }, 4));
  console.say(`Made a flow of ${module}.${name} in ${flow}: ${made.join(", ")}. Next:`);
  console.print(
    `${commandName()} flow test --flow ${flow} --inputs ${Object.keys(own)
      .map((key) => `${key}=...`)
      .join(" ")}`,
  );
}

interface PromptNode {
  parameter: string;
  file: string;
  /** Names in the template. */
  inputs: string[];
}

async function promptNodes(flow: string, templates: Record<string, string>, console: Console): Promise<PromptNode[]> {
  const nodes: PromptNode[] = [];
  for (const [parameter, file] of Object.entries(templates)) {
    const full = path.join(flow, file);
    if (!existsSync(full)) {
      console.say(`Cannot find the prompt template "${file}", creating an empty prompt file in the flow...`);
      await writeFile(full, EMPTY_TEMPLATE);
    }
    nodes.push({
      parameter,
      file,
      inputs: Object.keys(
        (describeTemplate(await readFile(full, "utf8"), "prompt")["inputs"] as ValueMap | undefined) ?? {},
      ),
    });
  }
  return nodes;
}

function flowYaml(flow: {
  inputs: ValueMap;
  prompts: readonly PromptNode[];
  parameters: readonly string[];
  file: string;
  name: string;
}): string {
  const { prompts, parameters, file, name } = flow;
  const byPrompt = new Set(prompts.map(({ parameter }) => parameter));
  const asked = prompts.flatMap(({ inputs }) => inputs).map((input) => [input, { type: "string" }] as const);
  const reference = (input: string): string => `\${inputs.${input}}`;
  return new Document({
    inputs: { ...Object.fromEntries(asked), ...flow.inputs },
    outputs: { output: { type: "string", reference: `\${${name}.output}` } },
    nodes: [
      ...prompts.map((prompt) => ({
        name: prompt.parameter,
        type: "prompt",
        source: { type: "code", path: prompt.file },
        inputs: Object.fromEntries(prompt.inputs.map((input) => [input, reference(input)])),
      })),
      {
        name,
        type: "python",
        source: { type: "code", path: file },
        inputs: Object.fromEntries(
          parameters.map((one) => [one, byPrompt.has(one) ? `\${${one}.output}` : reference(one)]),
        ),
      },
    ],
  }).toString({ lineWidth: 0 });
}

function toolFile(module: string, name: string, parameters: readonly string[]): string {
  const list = parameters.join(", ");
  const passed = parameters.map((one) => `${one}=${one}`).join(", ");
  return `from promptflow.core import tool\n\nfrom ${module} import ${name}\n\n\n@tool\ndef ${name}_tool(${list}):\n    return ${name}(${passed})\n`;
}
