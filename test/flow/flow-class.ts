// The flows of test/fixture/flow-class: what a class says, its folder, and the flow opened.

import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import type { Value, ValueMap } from "../../src/base/value.ts";
import { parseYaml } from "../../src/base/yaml.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { type FlowTarget, openFlow } from "../../src/flow/flow-target.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { type ScriptedModel, scriptedModel } from "../fake/scripted-model.ts";
import { flowResources, writeFolder } from "./flow-folder.ts";

const FOLDER = "test/fixture/flow-class";

/** One construction and a small flow that has it. */
export interface FlowClass {
  class: string;
  /** The original's test flows of this construction. */
  like: string[];
  files?: Record<string, string>;
  /** In place of a flow.dag.yaml among the files. */
  nodes?: Value[];
  outputs?: ValueMap;
  /** Files by base64. */
  binary?: Record<string, string>;
  links?: Record<string, string>;
  /** Where the flow lies among the files. */
  folder?: string;
  connections?: Connection[];
  environment?: Record<string, string>;
  /** The pieces of the model's answer. */
  reply?: string[];
  init?: ValueMap;
  variant?: { node: string; variant: string };
  aggregate?: boolean;
  stream?: boolean;
  timeout?: number;
  inputs?: ValueMap;
  expect: ClassExpectation;
}

export interface ClassExpectation {
  outputs?: ValueMap;
  /** The outputs as JSON, where YAML has no word for them. */
  json?: string;
  nodes?: Record<string, string>;
  values?: ValueMap;
  metrics?: Record<string, number>;
  deltas?: string[];
  log?: string;
  /** What the model is asked: roles and texts, or the types of a text's parts. */
  messages?: [string, string | string[]][];
  /** A failed run: its chain of codes and a part of its message. */
  error?: { code: string; message: string };
  /** A flow that cannot be opened. */
  load?: { code: string; message: string };
}

/** All classes, by the file that they stand in. */
export function flowClasses(): Map<string, FlowClass[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
  return new Map(
    files.sort().map((name) => {
      const { value } = parseYaml(readFileSync(path.join(FOLDER, name), "utf8"), name);
      return [name, value as unknown as FlowClass[]];
    }),
  );
}

/** Opens a class's flow; it is closed with the test. */
export async function openClass(
  context: TestContext,
  one: FlowClass,
): Promise<{ target: FlowTarget; model: ScriptedModel }> {
  const { reply, connections, init, variant, aggregate, stream, timeout } = one;
  const root = writeClass(context, one);
  const model = scriptedModel(reply && { pieces: () => reply });
  const target = await openFlow({
    directory: path.join(root, one.folder ?? "."),
    tools: BUILT_IN_TOOLS,
    resources: flowResources({ model, connections }),
    ...(init && { init }),
    ...(variant && { variant }),
    ...(aggregate && { aggregate }),
    ...(stream !== undefined && { streaming: stream }),
    ...(timeout !== undefined && { timeoutMs: timeout }),
    python: { env: { PATH: process.env["PATH"], ...one.environment }, maxWorkers: 1 },
  });
  context.after(() => target.close());
  return { target, model };
}

function writeClass(
  context: TestContext,
  { files = {}, nodes, outputs = {}, binary = {}, links = {} }: FlowClass,
): string {
  const definition = nodes && { "flow.dag.yaml": JSON.stringify({ inputs: {}, outputs, nodes }) };
  const root = writeFolder(context, { ...files, ...definition });
  for (const [name, base64] of Object.entries(binary))
    writeFileSync(path.join(root, name), Buffer.from(base64, "base64"));
  for (const [name, to] of Object.entries(links)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    symlinkSync(to, path.join(root, name));
  }
  return root;
}

/** The table of classes as it stands in the README beside them. */
export function classTable(): string {
  const rows = [...flowClasses()].flatMap(([file, classes]) =>
    classes.map((one) => `| ${one.class} | \`${file}\` | ${one.like.join(", ")} |`),
  );
  return ["| construction | our flow in | the original's test flows with it |", "|---|---|---|", ...rows].join("\n");
}

/** Where classes and their README lie. */
export const CLASS_README = path.join(FOLDER, "README.md");
