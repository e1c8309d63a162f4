// New flows to begin with: copies of the examples that are shipped, which run at once with the built-in model.

import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { stringify } from "yaml";
import { FlowsteadError } from "../../base/error/error.ts";
import { packageRoot } from "../../base/package-root.ts";
import { stringifyJson } from "../../base/json.ts";
import type { Console } from "../console.ts";
import { commandName } from "../option.ts";

export const FLOW_TYPES = ["standard", "chat", "evaluation"] as const;

export interface FlowInitOptions {
  flow: string;
  type: (typeof FLOW_TYPES)[number];
  connection?: string;
  deployment?: string;
  yes?: boolean;
  json?: boolean;
}

export async function flowInit(
  { flow, type, connection, deployment, yes = false, json = false }: FlowInitOptions,
  console: Console,
): Promise<void> {
  const template = path.join(packageRoot(), "examples/flows", `new-${type}`);
  const files = readdirSync(template).filter((name) => !name.startsWith("."));
  await confirmReplacing(flow, files, yes);
  await mkdir(flow, { recursive: true });
  for (const name of files) {
    const text = await readFile(path.join(template, name), "utf8");
    const named = name.endsWith(".yaml") ? nameModel(text, { connection, deployment }) : text;
    await writeFile(path.join(flow, name), named);
  }
  if (type === "evaluation" && (connection ?? deployment) !== undefined)
    console.say("warning: an evaluation flow asks no model: --connection and --deployment have no meaning for it.");
  if (json) return console.print(stringifyJson({ flow: path.resolve(flow), type, files }, 4));
  console.say(`Created the ${type} flow ${flow}: ${files.join(", ")}. Next:`);
  console.print(`${commandName()} flow test --flow ${flow}${type === "chat" ? " --interactive" : ""}`);
}

/** The template's text with the person's own connection, which needs what is a comment where it is `default`. */
function nameModel(
  text: string,
  { connection, deployment }: Pick<FlowInitOptions, "connection" | "deployment">,
): string {
  if ((connection ?? deployment) === undefined) return text;
  const named = text.replaceAll(
    /^( +)# (model|deployment_name): (.*)$/gm,
    (_, blanks: string, key: string, usual: string) => `${blanks}${key}: ${yamlWord(deployment ?? usual)}`,
  );
  if (connection === undefined) return named;
  const word = yamlWord(connection);
  return named
    .replace(/^( *connection: )default$/m, (_, key: string) => key + word)
    .replace(/^name: open_ai_connection$/m, () => `name: ${word}`);
}

function yamlWord(word: string): string {
  return stringify(word, { lineWidth: 0, version: "1.1" }).trimEnd();
}

/** @throws FlowsteadError `Canceled` when files are there that must not be replaced, `UsageError` when nobody can be asked. */
export async function confirmReplacing(flow: string, files: readonly string[], yes: boolean): Promise<void> {
  const taken = existsSync(flow) ? takenNames(flow, files) : [];
  if (taken.length === 0 || yes || (await confirm(`${flow} has ${taken.join(", ")} already. Replace?`))) return;
  throw new FlowsteadError("Canceled", `Nothing was written. Choose another --flow, or add --yes.`);
}

function takenNames(flow: string, files: readonly string[]): string[] {
  if (!statSync(flow).isDirectory()) throw new FlowsteadError("UsageError", `${flow} is a file. Name a folder.`);
  return files.filter((name) => existsSync(path.join(flow, name)));
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new FlowsteadError("UsageError", `${question} Nobody is here to answer; add --yes to replace.`);
  }
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await dialog.question(`${question} [y/N] `)).trim());
  } finally {
    dialog.close();
  }
}
