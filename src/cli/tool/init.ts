// `tool init`: a Python tool to begin with. In a package it has what makes it a package tool of flows once it is installed.

import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import type { Console } from "../console.ts";
import type { HomeOptions } from "../option.ts";
import { pairs } from "../pair.ts";

export interface ToolInitOptions extends HomeOptions {
  tool: string;
  package?: string;
  set?: string[];
  json?: boolean;
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export async function toolInit(
  { tool, package: packageName, set = [], json }: ToolInitOptions,
  console: Console,
): Promise<void> {
  if (packageName !== undefined && !NAME.test(packageName))
    throw new FlowsteadError("UsageError", `The package name ${packageName} is a invalid identifier.`);
  if (!NAME.test(tool)) throw new FlowsteadError("UsageError", `The tool name ${tool} is a invalid identifier.`);
  const { icon, ...extra } = pairs(set);
  if (icon !== undefined && !existsSync(icon))
    throw new FlowsteadError("UsageError", `Cannot find the icon path ${icon}.`);
  const wrong = Object.keys(extra).find((key) => !NAME.test(key));
  if (wrong !== undefined) throw new FlowsteadError("UsageError", `"${wrong}" cannot stand in a decorator.`);
  const files =
    packageName === undefined
      ? new Map([
          [`${tool}.py`, toolFile(tool, extra, icon === undefined ? undefined : JSON.stringify(icon))],
          ["__init__.py", ""],
        ])
      : packageFiles(packageName, { tool, extra, icon });
  const taken = [...files.keys()].filter((file) => file.endsWith(`${tool}.py`) && existsSync(file));
  if (taken.length > 0)
    throw new FlowsteadError("UsageError", `${taken.join(", ")} is there already. Choose another --tool.`);
  for (const [file, text] of files) {
    await mkdir(path.dirname(file), { recursive: true });
    // What a package has besides its tools may have been changed by its author.
    if (!existsSync(file)) await writeFile(file, text);
  }
  if (packageName !== undefined && icon !== undefined) await addIcon(packageName, icon);
  if (json) return console.print(stringifyJson({ tool, files: [...files.keys()] }, 4));
  const folder = packageName === undefined ? "." : path.join(packageName, packageName);
  console.print(`Done. Created the tool "${tool}" in ${path.resolve(folder)}.`);
}

interface PackagedTool {
  tool: string;
  extra: Record<string, string>;
  icon: string | undefined;
}

function packageFiles(name: string, { tool, extra, icon }: PackagedTool): Map<string, string> {
  const at = (...parts: string[]): string => path.join(name, ...parts);
  const shown = icon && `Path(__file__).parent.parent / "icons" / ${JSON.stringify(path.basename(icon))}`;
  return new Map([
    [at("setup.py"), setupFile(name)],
    [at("README.md"), readme(name, tool)],
    [at("MANIFEST.in"), `recursive-include ${name} *.yaml *.png *.jpg *.bmp\n`],
    [at(name, "__init__.py"), ""],
    [at(name, "utils.py"), listFile(name)],
    [at(name, `${tool}.py`), toolFile(tool, extra, shown)],
  ]);
}

async function addIcon(name: string, icon: string): Promise<void> {
  const folder = path.join(name, "icons");
  await mkdir(folder, { recursive: true });
  await copyFile(icon, path.join(folder, path.basename(icon)));
  const manifest = path.join(name, "MANIFEST.in");
  const line = `include icons/${path.basename(icon)}`;
  const text = readFileSync(manifest, "utf8");
  if (!text.split("\n").includes(line)) await writeFile(manifest, `${text}${line}\n`);
}

function toolFile(tool: string, extra: Record<string, string>, icon: string | undefined): string {
  const options = [
    `name=${JSON.stringify(tool)}`,
    `description=${JSON.stringify(`This is ${tool} tool`)}`,
    ...(icon === undefined ? [] : [`icon=${icon}`]),
    ...Object.entries(extra).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
  ];
  const imports = icon?.startsWith("Path(") ? "from pathlib import Path\n\n" : "";
  return `${imports}from promptflow.core import tool
from promptflow.connections import CustomConnection


@tool(
${options.map((option) => `    ${option},\n`).join("")})
def ${tool}(connection: CustomConnection, input_text: str) -> str:
    # A connection holds what it takes to call a service: connection.api_key, connection.api_base. A tool that calls none
    # needs no such parameter.
    return "Hello " + input_text
`;
}

function setupFile(name: string): string {
  return `from setuptools import find_packages, setup

setup(
    name=${JSON.stringify(name)},
    version="0.0.1",
    description="Tools for prompt flows",
    packages=find_packages(),
    entry_points={"package_tools": ["${name} = ${name}.utils:list_package_tools"]},
    install_requires=["promptflow"],
    include_package_data=True,
)
`;
}

/** Reads the signatures of the tools themselves, so that there is no list to keep up. */
function listFile(name: string): string {
  return `"""Tells which tools this package has: the entry point package_tools of setup.py."""

import importlib
import inspect
import pkgutil
import typing

import ${name}

TYPES = {int: "int", float: "double", bool: "bool", str: "string", list: "list", dict: "object"}


def list_package_tools():
    """The meta of every tool by its id."""
    tools = {}
    for found in pkgutil.iter_modules(${name}.__path__, "${name}."):
        if found.name == __name__:
            continue
        module = importlib.import_module(found.name)
        for key, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and "@tool" in inspect.getsource(function):
                tools["%s.%s" % (module.__name__, key)] = {
                    "name": key,
                    "type": "python",
                    "module": module.__name__,
                    "function": key,
                    "inputs": inputs_of(function),
                }
    return tools


def inputs_of(function):
    hints = typing.get_type_hints(inspect.unwrap(function))
    names = inspect.signature(function).parameters
    return {name: {"type": [type_name(hints.get(name, object))]} for name in names}


def type_name(kind):
    return TYPES.get(kind) or (kind.__name__ if kind.__name__.endswith("Connection") else "object")
`;
}

function readme(name: string, tool: string): string {
  return `# ${name}

Tools for prompt flows.

- \`setup.py\`: the package, and the entry point by which its tools are found
- \`${name}/${tool}.py\`: a tool: a function with the decorator \`@tool\`
- \`${name}/utils.py\`: tells which tools there are

\`\`\`sh
flowstead tool validate --source ${name}/${tool}.py
pip install .
\`\`\`
`;
}
