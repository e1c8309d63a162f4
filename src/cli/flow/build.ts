import { existsSync } from "node:fs";
import path from "node:path";
import { connectionFolders } from "../../config/folder.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { version } from "../../base/version.ts";
import { configuredConnections } from "../../connection/configured.ts";
import type { Connection } from "../../connection/connection.ts";
import { joinedStore } from "../../connection/joined-store.ts";
import { connectionNames } from "../../flow/connection-name.ts";
import type { FlowDefinition } from "../../flow/definition.ts";
import { mergeIncludes } from "../../flow/include.ts";
import { loadFlow } from "../../flow/load.ts";
import { parseVariant } from "../../flow/variant.ts";
import { loadPrompty } from "../../prompt/prompty.ts";
import { type PythonPool, createPythonPool } from "../../python/pool.ts";
import { buildFiles, checkApart, checkOutput, clearBuild, flowFiles, writeFiles } from "../../registry/docker-build.ts";
import { type FlowEnvironment, bundleFlow } from "../../registry/flow-bundle.ts";
import type { Console } from "../console.ts";
import { type OwnPackage, ownPackage } from "./own-package.ts";
import { withPlaces } from "./place.ts";
import { flowTools } from "./tools.ts";
import { type HomeOptions, ownConfigOf } from "../option.ts";

export interface FlowBuildOptions extends HomeOptions {
  source: string;
  output: string;
  variant?: string;
  package?: string;
  format: "docker" | "executable";
  /** The flow's files alone, in the output folder itself. */
  flowOnly?: boolean;
  json?: boolean;
}

export async function flowBuild(options: FlowBuildOptions, console: Console): Promise<void> {
  const { source, output, flowOnly = false } = options;
  const { config, env } = ownConfigOf(options);
  if (options.package !== undefined && !existsSync(options.package))
    throw new FlowsteadError("UsageError", `There is no package file ${options.package}. \`npm pack\` makes one.`);
  const { directory, definition: written } = loadFlow(source);
  if (flowOnly) checkApart(directory, output, output);
  else checkOutput(output, directory);
  const variant = options.variant === undefined ? undefined : parseVariant(options.variant);
  const bundle = bundleFlow({ source, variant, without: [output, config.home] });
  if (!flowOnly) warnOfEnvironment(bundle.environment, options.format, console);
  const merged =
    written.additionalIncludes.length > 0
      ? mergeIncludes(directory, written.additionalIncludes, written.file)
      : undefined;
  const folder = merged?.directory ?? directory;
  const python = createPythonPool({ directory: folder, interpreter: config.python, env });
  let own: OwnPackage | undefined;
  try {
    const { tools, faults } = await flowTools(bundle.definition, { directory: folder, python });
    for (const fault of faults.values()) throw withPlaces(fault, source);
    const names = await usedConnections(bundle.definition, folder, python);
    const pools = new Set(config.models.map(({ name }) => name));
    const connections = configuredConnections({
      entries: config.connections,
      store: joinedStore(connectionFolders(config)),
      env,
    });
    if (options.package === undefined && !flowOnly) {
      own = await ownPackage();
      if (own === undefined) console.say(NOT_PACKED);
    }
    const all = buildFiles({
      format: options.format,
      bundle,
      tools: bundle.definition.nodes.length > 0 ? `${stringifyJson(tools, 4)}\n` : undefined,
      connections: await find(
        names.filter((name) => !pools.has(name)),
        () => connections.list(),
        // Its files alone refer to none that would have to be written down.
        flowOnly,
      ),
      models: config.models.filter(({ name }) => name !== "default" && names.includes(name)),
      usesDefaultModel: names.includes("default") && pools.has("default"),
      version: version(),
      packageFile: options.package ?? own?.file,
    });
    const files = flowOnly ? flowFiles(all) : all;
    if (!flowOnly) await clearBuild(output);
    await writeFiles(output, files);
    if (options.json)
      return console.print(stringifyJson({ output: path.resolve(output), files: [...files.keys()] }, 4));
    if (flowOnly) return console.print(`Wrote ${files.size} files to ${output}.`);
    console.say(`Wrote ${files.size} files to ${output}. Next:`);
    console.print(
      options.format === "docker"
        ? `docker build -t ${path.basename(directory).toLowerCase()} ${output}`
        : `sh ${path.join(output, "start.sh")}`,
    );
  } finally {
    await python.close();
    merged?.remove();
    await own?.remove();
  }
}

const NOT_PACKED = `warning: npm could not pack this program, so flowstead ${version()} is installed from npm's registry; --package FILE names a package file to take.`;

/** A flow that was made for another image may miss what that has. */
function warnOfEnvironment(
  { unheeded, setup }: FlowEnvironment,
  format: FlowBuildOptions["format"],
  console: Console,
): void {
  const instead =
    format === "docker"
      ? "the image is made from node:20-slim; environment.setup_sh can name a script that installs what the flow needs"
      : "the flow is served with the Node and Python of the machine; install what it needs there";
  const left = setup !== undefined && format === "executable" ? [...unheeded, "setup_sh"] : unheeded;
  for (const key of left) console.say(`warning: environment.${key} of the flow is not used: ${instead}.`);
}

async function usedConnections(definition: FlowDefinition, folder: string, python: PythonPool): Promise<string[]> {
  if (definition.file.endsWith(".prompty")) {
    const { connection } = loadPrompty(path.join(folder, definition.file)).model.configuration;
    return typeof connection === "string" ? [connection] : [];
  }
  return connectionNames(definition, async ({ type, source }) => {
    if (type !== "python" || source?.type !== "code" || source.path === undefined) return undefined;
    return (await python.load(source.path)).inputs;
  });
}

async function find(
  names: readonly string[],
  list: () => Promise<Connection[]>,
  mayMiss: boolean,
): Promise<Connection[]> {
  if (names.length === 0) return [];
  const known = new Map((await list()).map((one) => [one.name, one]));
  return names.toSorted().flatMap((name) => {
    const found = known.get(name);
    if (found) return [found];
    if (mayMiss) return [];
    throw new FlowsteadError(
      "ConnectionNotFound",
      `The flow uses the connection '${name}', which is not here. Create it with \`flowstead connection create\`: what is built refers to it, without its secrets.`,
    );
  });
}
