// `flow build`: a folder from which a flow is served elsewhere, as an image or by Node alone. Nothing secret is in it.

import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import type { Connection } from "../connection/connection.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { type ModelMember, connectionFiles, modelFile } from "./connection-file.ts";
import { executableFiles } from "./executable-file.ts";
import { IGNORE_FILE, type ImageFacts, MARK, dockerfile, readme, runitFiles, startScript } from "./docker-file.ts";
import { type FlowBundle, isEmpty, isWithin } from "./flow-bundle.ts";
import { packageTools } from "./package-tool.ts";

export interface BuildOptions {
  format: "docker" | "executable";
  bundle: FlowBundle;
  /** Content of the flow's `.promptflow/flow.tools.json`, where it has nodes. */
  tools?: string | undefined;
  connections: readonly Connection[];
  /** Members of the model pools that the flow names, but for the pool `default`. */
  models: readonly ModelMember[];
  usesDefaultModel: boolean;
  version: string;
  /** A package file of this program to install; npm's registry is asked where there is none. */
  packageFile?: string | undefined;
}

const SHORTEST_SECRET = 8;
/** Files of an earlier build, besides its folders. */
const MADE = ["flowstead.yaml", "Dockerfile", ".dockerignore", "start.sh", "start.cmd"];
const PACKAGE = /^flowstead-\d[\w.-]*\.tgz$/;
/** Files that are found when the folder is named. */
const USUAL = /^flow\.(dag|flex)\.ya?ml$/;

/** The folder's files by their names in it, in a fixed order. @throws FlowsteadError `UsageError` for a secret in a file. */
export function buildFiles(options: BuildOptions): Map<string, Uint8Array> {
  const { bundle, packageFile } = options;
  const { definition } = bundle;
  const references = [connectionFiles(options.connections), modelFile(options.models)];
  const variables = [
    ...new Set([...references.flatMap((one) => [...one.variables.keys()]), ...promptyVariables(bundle)]),
  ];
  const facts: ImageFacts = {
    flow: definition.name,
    source: USUAL.test(definition.file) ? "flow" : `flow/${definition.file}`,
    version: options.version,
    hasPython: definition.flex !== undefined || definition.nodes.some(isPython),
    requirements: requirementsOf(bundle),
    setup: bundle.environment.setup,
    takesInit: definition.flex !== undefined && definition.flex.init.length > 0,
    packageFile: packageFile === undefined ? undefined : path.basename(packageFile),
    usesDefaultModel: options.usesDefaultModel,
    variables,
  };
  const settings = Object.fromEntries(variables.map((name) => [name, ""]));
  const own: [string, string][] =
    options.format === "docker"
      ? [
          ["Dockerfile", dockerfile(facts)],
          [".dockerignore", IGNORE_FILE],
          ["README.md", readme(facts)],
          ["start.sh", startScript(facts)],
          ...runitFiles(),
        ]
      : executableFiles(facts);
  const texts: [string, string][] = [
    ...own,
    ["settings.json", `${JSON.stringify(settings, null, 2)}\n`],
    ...references.flatMap((one) => [...one.files]),
  ];
  if (options.tools !== undefined) texts.push(["flow/.promptflow/flow.tools.json", options.tools]);
  const files = new Map<string, Uint8Array>(texts.map(([name, text]) => [name, Buffer.from(text)]));
  for (const [name, content] of bundle.files) files.set(`flow/${name}`, content);
  refuseSecrets(files, options);
  if (packageFile !== undefined) files.set(path.basename(packageFile), readFileSync(packageFile));
  return files;
}

/** Code of the flow, or of a package that is none of the tools here. */
function isPython({ type, source }: NodeDefinition): boolean {
  if (source?.tool !== undefined) return !Object.hasOwn(packageTools(), source.tool);
  return type === "python" && source?.type === "code";
}

/** Variables that prompties ask for: in their headers, where a model's address and key may stand. */
function promptyVariables({ files }: FlowBundle): string[] {
  const headers = [...files]
    .filter(([name]) => name.endsWith(".prompty"))
    .map(
      ([, content]) =>
        Buffer.from(content)
          .toString()
          .split(/^---\s*$/m, 2)[1] ?? "",
    );
  return headers.flatMap((header) => Array.from(header.matchAll(/\$\{env:\s*(\w+)\s*\}/g), ([, name = ""]) => name));
}

/** A line of a requirements file that names another file or folder: by an option, by its address, or as a path. */
const BESIDE =
  /^\s*(-[rcef]\b|--(requirement|constraint|editable|find-links)\b|\.{0,2}\/|file:|[^#\s]+\.(whl|tar\.gz|zip)\s*$)|@\s*(file:|\.{0,2}\/)/m;

function requirementsOf({ environment, files }: FlowBundle): ImageFacts["requirements"] {
  const { requirements: file } = environment;
  if (file === undefined) return undefined;
  return { file, isAlone: !BESIDE.test(Buffer.from(files.get(file) ?? "").toString()) };
}

/** A key that somebody pasted into the flow would go out with the image. */
function refuseSecrets(files: ReadonlyMap<string, Uint8Array>, { connections, models }: BuildOptions): void {
  const secrets = [
    ...connections.flatMap(({ secrets }) => Object.values(secrets)),
    ...models.flatMap(({ api_key: key }) => (typeof key === "string" ? [key] : [])),
  ].filter((secret) => secret.length >= SHORTEST_SECRET && !secret.startsWith("${env:"));
  for (const [name, content] of files) {
    const buffer = Buffer.from(content);
    if (!secrets.some((secret) => buffer.includes(secret))) continue;
    throw new FlowsteadError(
      "UsageError",
      `${name} holds the secret of a connection. Take it out of the flow: a node gets it from its connection.`,
    );
  }
}

/** Refuses a folder that the flow itself would be overwritten in. @param folder where the flow's files will be */
export function checkApart(flow: string, folder: string, output: string): void {
  if (!isWithin(flow, folder)) return;
  throw new FlowsteadError(
    "UsageError",
    `The build would overwrite the flow itself. Choose another --output than ${output}.`,
  );
}

/** Refuses a folder that holds something else, and one that the flow itself would be overwritten in. */
export function checkOutput(output: string, flow: string): void {
  checkApart(flow, path.join(output, "flow"), output);
  const isOurs = ["Dockerfile", "start.sh"].some((name) => {
    const made = path.join(output, name);
    return existsSync(made) && readFileSync(made, "utf8").includes(MARK);
  });
  if (isEmpty(output) || isOurs) return;
  throw new FlowsteadError(
    "UsageError",
    `${output} is not empty and not made by \`flow build\`. Choose another --output.`,
  );
}

/** The flow's own files alone, by their names in its folder. */
export function flowFiles(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const own = [...files].filter(([name]) => name.startsWith("flow/"));
  return new Map(own.map(([name, content]) => [name.slice("flow/".length), content]));
}

/** Takes away what an earlier build has written. */
export async function clearBuild(output: string): Promise<void> {
  const packages = existsSync(output) ? (await readdir(output)).filter((name) => PACKAGE.test(name)) : [];
  for (const old of [...MADE, ...packages, "flow", "connections", "runit"])
    await rm(path.join(output, old), { recursive: true, force: true });
}

export async function writeFiles(output: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [name, content] of files) {
    const full = path.join(output, name);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, content);
    await chmod(full, name === "start.sh" || name.startsWith("runit/") ? 0o755 : 0o644);
  }
}
