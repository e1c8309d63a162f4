// The structure of ARCHITECTURE.md, held by a test: layers, doors, cycles, names and sizes.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

/** Folders of src/ from the top down; imports go to the same folder or to a later line. */
const LAYERS: readonly (readonly string[])[] = [
  ["app", "cli"],
  ["entry"],
  ["workspace"],
  ["run", "chat"],
  ["endpoint"],
  ["tool", "registry", "gateway"],
  ["flow", "identity", "connection", "prompt", "python", "model", "search"],
  ["config", "trace", "store", "network", "pool"],
  ["base"],
];

/** Imports between folders of one line: what may be named, and for some only the port. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  flow: ["prompt/", "python/", "connection/", "model/chat-model.ts", "model/embedder.ts", "search/search-index.ts"],
  prompt: ["model/chat-model.ts"],
  python: ["connection/connection.ts", "prompt/foreign.ts"],
  model: ["connection/connection.ts"],
  search: ["model/embedder.ts", "model/reranker.ts"],
  cli: ["app"],
};

/** Built-in modules that only the folders named may import. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  "node:http": ["entry", "endpoint", "network", "model/fake"],
  "node:https": ["entry", "endpoint", "network"],
  "node:net": ["entry", "endpoint", "network", "model/fake"],
  "node:tls": ["entry", "endpoint", "network"],
  "node:child_process": ["endpoint", "python", "network", "cli", "search/ingest", "tool/script"],
  "node:fs": [
    "run",
    "store",
    "config",
    "registry",
    "cli",
    "endpoint",
    "flow",
    "tool",
    "search",
    "workspace",
    "python",
    "prompt",
    "connection",
    "model/provider/azure-openai",
    "run",
    "app",
    "base/package-root.ts",
    "base/version.ts",
  ],
};

interface SourceFile {
  /** Path below src/, with forward slashes. */
  name: string;
  text: string;
  imports: { target: string; external: boolean }[];
}

const files = readSources("src");

// The engine of the embedded index is told its number of threads by a variable, and in no other way.
const READS_ENVIRONMENT = ["cli", "config", "search/provider/embedded/engine.ts"];

test("imports go down the layers", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const { target, external } of file.imports) {
      if (!external && !mayImport(file.name, target)) wrong.push(`${file.name} -> ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("there is no import cycle, types included", () => {
  const graph = new Map(
    files.map((file) => [file.name, file.imports.filter((one) => !one.external).map((one) => one.target)]),
  );
  assert.equal(findCycle(graph)?.join(" -> "), undefined);
});

test("built-in modules that reach outside are imported only through their doors", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const { target, external } of file.imports) {
      const door = external ? DOORS[target.replace(/^(node:fs)\/promises$/, "$1")] : undefined;
      if (door && !door.some((place) => isIn(file.name, place))) wrong.push(`${file.name} imports ${target}`);
    }
    if (/\bprocess\.env\b/.test(file.text) && !READS_ENVIRONMENT.some((place) => isIn(file.name, place))) {
      wrong.push(`${file.name} reads process.env`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("a provider is imported only by its index", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const { target, external } of file.imports) {
      const match = external ? null : /^(.*\/provider)\/([^/]+)(\/|$)/.exec(target);
      if (!match || file.name.startsWith(`${match[1]}/`) || target.endsWith("/index.ts")) continue;
      if (!isIn(file.name, "app")) wrong.push(`${file.name} -> ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("a model provider's name is used as a word of the program only in its folder", () => {
  const names = readdirSync("src/model/provider")
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.replace(/\.ts$/, ""))
    .filter((name) => !["index", "kind", "settings", "connection"].includes(name));
  assert.ok(names.length >= 3, names.join());
  // The environment's variables stand for providers; the fake server speaks their dialects.
  const known = ["config/environment.ts"];
  const wrong = files.filter(({ name, text }) => {
    if (/^model\/(provider|fake)\//.test(name) || known.includes(name)) return false;
    return names.some((provider) => text.includes(`"${provider}"`));
  });
  assert.deepEqual(
    wrong.map(({ name }) => name),
    [],
  );
});

test("tests find programs and files from the root of the project: under npm test they run compiled, in another folder", () => {
  const beside = /"--import", |import\.meta\.(dirname|filename|resolve)|new URL\([^)]*import\.meta\.url/;
  // What runs in a copy of the project runs from its sources, and never compiled.
  const known = new Set(["program.ts", "mutation/copy.ts"]);
  const wrong = readSources("test").filter(({ name, text }) => !known.has(name) && beside.test(text));
  assert.deepEqual(
    wrong.map(({ name }) => name).filter((name) => name !== "architecture.test.ts"),
    [],
    "test/program.ts has what starts a program",
  );
});

test("names say what a file is about, and files stay small", () => {
  const empty = /(^|\/)(utils?|helpers?|common|types|managers?|services?)(\.ts|\/)/;
  assert.deepEqual(
    files.filter(({ name }) => empty.test(name)).map(({ name }) => name),
    [],
  );
  assert.deepEqual(
    files.filter(({ name }) => !/^[a-z0-9./-]+$/.test(name)).map(({ name }) => name),
    [],
  );
  const long = files.filter(({ text }) => text.split("\n").length > 401).map(({ name }) => name);
  assert.deepEqual(long, []);
});

test("there are no default exports, and nothing is left for later", () => {
  const wrong = files.filter(({ text }) => /^export default /m.test(text) || /\b(TODO|FIXME|XXX|HACK)\b/.test(text));
  assert.deepEqual(
    wrong.map(({ name }) => name),
    [],
  );
});

function mayImport(from: string, target: string): boolean {
  const [here, there] = [folderOf(from), folderOf(target)];
  if (here === there || from === "index.ts") return true;
  const [upper, lower] = [lineOf(here), lineOf(there)];
  if (upper < 0 || lower < 0) return false;
  if (lower > upper) return true;
  return lower === upper && (BESIDE[here] ?? []).some((place) => target.startsWith(place));
}

function lineOf(folder: string): number {
  return LAYERS.findIndex((line) => line.includes(folder));
}

function folderOf(name: string): string {
  return name.split("/")[0]?.replace(/\.ts$/, "") ?? "";
}

function isIn(name: string, place: string): boolean {
  return name === place || name.startsWith(`${place}/`) || name === `${place}.ts`;
}

function readSources(root: string): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => {
      const text = readFileSync(path.join(root, name), "utf8");
      const slashed = name.split(path.sep).join("/");
      return { name: slashed, text, imports: importsOf(slashed, text) };
    });
}

function importsOf(name: string, text: string): SourceFile["imports"] {
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;'"]*?from\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm,
  );
  return [...found].map((match) => {
    const target = match[1] ?? match[2] ?? "";
    if (!target.startsWith(".")) return { target, external: true };
    return { target: path.posix.join(path.posix.dirname(name), target), external: false };
  });
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, trail: string[]): string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const cycle = visit(next, [...trail, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}
