// Every key, flag, command, variable, header, address and status that docs/endpoint.md and docs/models.md name is there, and what
// the providers of models and the drivers of deployments take is named in one of the pages.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Command } from "commander";
import { z } from "zod";
import { ERROR_TABLE } from "../src/base/error/table.ts";
import { parseYaml } from "../src/base/yaml.ts";
import { addCommands, commandNames } from "../src/cli/command.ts";
import { terminal } from "../src/cli/console.ts";
import { configSchema } from "../src/config/schema.ts";
import { readSpecification } from "../src/endpoint/specification/read-specification.ts";
import { embedderSettings, modelSettings } from "../src/model/provider/index.ts";

const PAGES = ["docs/endpoint.md", "docs/models.md"];
const pages = PAGES.map((file) => ({ file, text: readFileSync(file, "utf8") }));
const source = sources("src").join("\n");
const providerKeys = keysIn(
  readFileSync("src/model/provider/settings.ts", "utf8").split("export function modelSettings")[0] ?? "",
);
const guardKeys = keysIn(
  /const guard = [^]*export const gatewaySchema/.exec(readFileSync("src/config/gateway-schema.ts", "utf8"))?.[0] ?? "",
);
const configKeys = keysOf(z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema);
const nowhere = { write: () => true };
const program = new Command("flowstead");
await addCommands(program, new Set(commandNames), terminal(nowhere, nowhere));

interface Span {
  text: string;
  at: string;
}

for (const { file, text } of pages) {
  test(`what ${file} names between backticks is there`, () => {
    const spans = spansOf(file, text);
    assert.ok(spans.length > 40, String(spans.length));
    for (const { text: named, at } of spans) assert.ok(isThere(named, text), `${at}: there is no \`${named}\``);
  });

  test(`statuses that ${file} tells are the system's`, () => {
    const known = new Set<number>(Object.values(ERROR_TABLE).map(({ status }) => status));
    for (const { text: line, at } of prose(file, text)) {
      for (const [status] of line.matchAll(/\b[45]\d\d\b/g))
        assert.ok(known.has(Number(status)), `${at}: no error has the status ${status}`);
    }
  });

  test(`commands of ${file} take the flags that stand there`, () => {
    const blocks = [...text.matchAll(/^```(?:console|sh)\n([\s\S]*?)^```/gm)];
    const calls = blocks.flatMap(([, block = "", ..._rest]) =>
      [...block.matchAll(/(?:^|\$ |\(|; )flowstead ([^\n)|]*)/gm)].map(([, words = ""]) => words),
    );
    assert.ok(calls.length >= 5, String(calls.length));
    for (const words of calls) assertCommand(words.replaceAll(/"[^"]*"|'[^']*'/g, "x"), `${file}: flowstead ${words}`);
  });
}

test("settings that the pages show are read as they stand", () => {
  let read = 0;
  for (const { file, text } of pages) {
    for (const match of text.matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)) {
      read++;
      const line = text.slice(0, match.index).split("\n").length;
      assertSettings((match[1] ?? "").replaceAll(/"?\$\{env:\w+\}"?/g, "http://127.0.0.1:9/value"), `${file}:${line}`);
    }
  }
  assert.ok(read >= 5, String(read));
});

test("whatever a model, an identity, a guard or a driver can be told is in a page", () => {
  assert.ok(providerKeys.size > 15 && guardKeys.size > 8, `${providerKeys.size} ${guardKeys.size}`);
  const all = [...pages.map(({ text }) => text), readFileSync("docs/configuration.md", "utf8")].join("\n");
  const words = new Set(all.match(/\w+(?:\.\w+)*/g));
  for (const key of [...providerKeys, ...guardKeys]) assert.ok(words.has(key), `no page names the setting ${key}`);
  for (const { driver } of DRIVERS) assert.ok(words.has(`flowstead.${driver}`), `no page names flowstead.${driver}`);
});

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
}

/** Dotted paths of a schema, and each word of them. */
function keysOf({ properties = {}, items }: JsonSchema, path = ""): Set<string> {
  const found = new Set<string>(items ? keysOf(items, path) : []);
  for (const [name, inner] of Object.entries(properties)) {
    const full = path === "" ? name : `${path}.${name}`;
    for (const key of [name, full, ...keysOf(inner, full)]) found.add(key);
  }
  return found;
}

function keysIn(code: string): Set<string> {
  return new Set([...code.matchAll(/^\s+([a-z_]+): (?:z\.|url|seconds|entra|severity)/gm)].map(([, key = ""]) => key));
}

/** Without comments: a name that only a comment has is not there. */
function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(path.join(folder, name), "utf8").replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, ""));
}

/** Lines outside of blocks. */
function prose(file: string, text: string): Span[] {
  let isBlock = false;
  return text.split("\n").flatMap((line, index) => {
    if (line.startsWith("```")) isBlock = !isBlock;
    return isBlock || line.startsWith("```") ? [] : [{ text: line, at: `${file}:${index + 1}` }];
  });
}

function spansOf(file: string, text: string): Span[] {
  return prose(file, text).flatMap(({ text: line, at }) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, named = ""]) => ({ text: named, at })),
  );
}

function isThere(named: string, page: string): boolean {
  const [first = "", ...words] = named.split(" ");
  if (/^podman |^docker /.test(named)) return true;
  if (named.startsWith("--")) return flags(program).has(first);
  if (first === "flowstead" && words.length > 0) return assertCommand(words.join(" "), named);
  if (commandNames.includes(first) && words.length > 0 && /^[a-z -]+$/.test(named)) return assertCommand(named, named);
  if (/^[A-Z][A-Z_]+$/.test(named)) return isVariable(named, page);
  if (/^\w[\w.]*: /.test(named)) return isSetting(named);
  if (named.startsWith("flowstead.")) return source.includes(named) || isDriver(named.slice("flowstead.".length));
  if (configKeys.has(named) || providerKeys.has(named) || guardKeys.has(named)) return true;
  if (/^[a-z_]+(\.[a-z_]+)+$/.test(named) && isOfFile(named)) return true;
  // A schedule, placeholders, names of certificates: their fixed part.
  const fixed = named.replaceAll(/\{\w+\}|\b[A-Z]{3,}\b|\.\.\.|\/$/g, "");
  return SHAPES.some((shape) => shape.test(named)) || isWord(fixed) || isPath(fixed);
}

/** What is no name of this system's own: examples of values, other programs, programs' permissions, variables of the page. */
const SHAPES = [
  /^mon-fri \d\d:\d\d-\d\d:\d\d \d+-\d+$/,
  /^(DNS|IP):[\w.]+$/,
  /^@azure\/arm-machinelearning$/,
  /^ENDPOINT\/(primary|secondary|token)$/,
  /^(\{\w+\}\/)+$/,
  /^\*$/,
  /^\$\{env:NAME\}$/,
];

const DRIVERS = [
  { type: "container", driver: "image" },
  { type: "remote", driver: "key" },
  { type: "remote", driver: "urls" },
  { type: "kubernetes", driver: "namespace" },
];

function isDriver(key: string): boolean {
  return DRIVERS.some(({ driver }) => driver === key);
}

test("drivers take what the pages say", () => {
  const urls = { "flowstead.urls": "http://127.0.0.1:9/score" };
  for (const { type, driver } of DRIVERS) {
    const value = driver === "urls" ? urls["flowstead.urls"] : "value";
    const properties = { ...urls, "flowstead.driver": type, [`flowstead.${driver}`]: value };
    const { spec } = readSpecification({ name: "abc", endpoint_name: "abc", properties }, "file");
    const read = (spec as unknown as { driver: Record<string, unknown> }).driver;
    assert.deepEqual(read[driver], driver === "urls" ? [value] : value, driver);
  }
});

function isVariable(name: string, page: string): boolean {
  return (
    source.includes(`"${name}"`) ||
    source.includes(`.${name}`) ||
    page.includes(`$${name}`) ||
    page.includes(`\${env:${name}}`)
  );
}

/** `auth_mode: aad_token` and the like: a line of a file or of the configuration, which is read. */
function isSetting(named: string): boolean {
  const [key = "", text = ""] = named.split(/: (.*)/s, 2);
  const { value } = parseYaml(text);
  if (isOfFile(key)) {
    const { findings } = readSpecification({ name: "abc", endpoint_name: "abc", [key]: value }, "file");
    return findings.every((finding) => finding.key.split(".")[0] !== key || finding.verdict !== "refused");
  }
  if (key.startsWith("flowstead.")) return isThere(key, "") && isWord(text);
  return (
    [configKeys, guardKeys, new Set(["finish_reason"])].some((keys) => keys.has(key)) &&
    isWord(text.split(" ")[0] ?? "")
  );
}

/** Whether a deployment's or an endpoint's file has such a key. */
function isOfFile(dotted: string): boolean {
  const at = dotted.split(".");
  const nested = at.reduceRight<unknown>((value, key) => ({ [key]: value }), "1") as Record<string, unknown>;
  return [{ instance_count: 1 }, { auth_mode: "key" }].some((kind) => {
    const { findings } = readSpecification({ name: "abc", endpoint_name: "abc", ...kind, ...nested } as never, "file");
    return !findings.some(({ key, why }) => dotted.startsWith(key) && why === "the schema has no such key");
  });
}

/** In the code as a word, or as the beginning of an address. */
function isWord(text: string): boolean {
  const plain = text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text !== "" && new RegExp(`(?<![\\w-])${plain}(?![\\w-])`).test(source);
}

/** An address or a folder that is put together of parts. */
function isPath(address: string): boolean {
  const parts = address.split("/").filter(Boolean);
  return parts.length > 1 && parts.every((part) => isWord(part) || isWord(`/${part}`));
}

function flags(command: Command): Set<string> {
  const own = command.options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag !== undefined);
  return new Set([...own, "--help", ...command.commands.flatMap((sub) => [...flags(sub)])]);
}

function assertCommand(text: string, at: string): true {
  const words = text.split(" ").filter(Boolean);
  let command = program;
  for (const word of words) {
    const next = command.commands.find((sub) => sub.name() === word);
    if (!next) break;
    command = next;
  }
  assert.notEqual(command, program, `${at}: there is no such command`);
  assert.ok(command.commands.length === 0 || words.length === 1, `${at}: there is no such command`);
  for (const word of words.filter((one) => /^-{1,2}[a-z]/.test(one)))
    assert.ok(flags(command).has(word.split("=")[0] ?? ""), `${at}: ${command.name()} has no ${word}`);
  return true;
}

function assertSettings(text: string, at: string): void {
  // Three ways to write one key.
  const texts = /^auth:.*\nauth:/m.test(text) ? text.trim().split("\n") : [text];
  for (const one of texts) {
    const { value } = parseYaml(one, at);
    const map = JSON.parse(
      JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? Number(item) : item)),
    ) as Record<string, unknown>;
    if ("endpoint_name" in map) {
      const { findings } = readSpecification(map as never, at);
      const wrong = findings.filter(
        ({ verdict, why }) => verdict === "refused" || why === "the schema has no such key",
      );
      assert.deepEqual(wrong, [], at);
    } else if ("auth" in map) {
      modelSettings({ provider: "azure-openai", endpoint: "https://example.org", deployment: "x", ...map });
    } else {
      const { success, error } = configSchema.safeParse(map);
      assert.ok(success, `${at}: ${error?.message ?? ""}`);
      for (const entry of (map["models"] ?? []) as Record<string, unknown>[]) modelSettings(entry);
      if (map["embedder"]) embedderSettings(map["embedder"] as Record<string, unknown>);
    }
  }
}
