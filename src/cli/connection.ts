import { readFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { STATE_FOLDER, connectionFolders } from "../config/folder.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson } from "../base/json.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import type { Connection } from "../connection/connection.ts";
import { CONNECTION_KINDS, findKind } from "../connection/kind.ts";
import { parseConnection } from "../connection/parse.ts";
import { joinedStore } from "../connection/joined-store.ts";
import { type ConnectionStore, type StoredConnection, openConnectionStore } from "../connection/store.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, ownConfigOf, count, withHome, withYes } from "./option.ts";
import { pairs, readEnvFile } from "./pair.ts";
import { askAtTerminal } from "./question.ts";

interface WriteOptions extends HomeOptions {
  file?: string;
  name?: string;
  set?: string[];
  json?: boolean;
}

interface NameOptions extends HomeOptions {
  name: string;
}

interface ListOptions extends HomeOptions {
  maxResults: number;
  allResults?: boolean;
}

const JSON_MEANING = "accepted for scripts; what is printed is JSON in any case";
const WRITE_EXAMPLES = `
Secrets may be written as \${env:NAME}, which is read when a flow uses it, or as <user-input>, which asks.

Examples:
  flowstead connection create --file azure.yaml --set api_key=...
  flowstead connection create --file .env --name custom
  flowstead connection update --name azure --set api_base=https://example.openai.azure.com
`;

const ASK = "<user-input>";
const KEEP = "<no-change>";
const MASK = "******";

export function connectionCommand(console: Console): Command {
  const connection = new Command("connection");
  const sub = (name: string, description: string): Command =>
    withHome(connection.command(name)).description(description);
  const writing = (name: string, description: string): Command =>
    sub(name, description)
      .option("-f, --file <file>", "the connection as YAML or JSON, or a file .env whose values become secrets")
      .option("-n, --name <name>", "its name, in place of the one in the file")
      .option("--set <pair...>", "key=value, in place of the file's")
      .option("--json", JSON_MEANING)
      .addHelpText("after", WRITE_EXAMPLES);

  writing("create", "store a connection, in place of one of its name; its secrets are encrypted").action(
    async (options: WriteOptions, command: Command) => {
      if (options.file === undefined && options.set === undefined) needs(command, "--file");
      const store = storeOf(options);
      const data = await readData(options);
      const replaces = typeof data.name === "string" && (await find(store, data.name)) !== undefined;
      await save(store, data, console);
      if (!options.json) await sayWhere(options, pyStr(data.name ?? null), console);
      // The original's scripts create what may be there.
      if (replaces && !options.json) console.say(`note: this replaces the connection "${pyStr(data.name ?? null)}".`);
    },
  );
  writing("update", "change a stored connection").action(async (options: WriteOptions, command: Command) => {
    if (options.file === undefined && options.name === undefined) needs(command, "--name");
    const store = storeOf(options);
    const data = await readData(options);
    const known = await mustFind(store, typeof data.name === "string" ? data.name : "");
    await save(store, changed(remaining(known, data.type), data), console);
  });
  const list = sub("list", "list the stored connections")
    .option("-r, --max-results <number>", "how many at most", (text) => (text === "0" ? 0 : count(text)), 50)
    .option("--all-results", "all of them")
    .option("--json", JSON_MEANING);
  list.action(async (options: ListOptions) => {
    const known = await storeOf(options).list();
    const all = options.allResults ? known : known.slice(0, options.maxResults);
    console.print(JSON.stringify(readable(all, console), null, 4));
  });
  sub("show", "show a stored connection without its secrets")
    .requiredOption("-n, --name <name>", "its name")
    .option("--json", JSON_MEANING)
    .action(async (options: NameOptions) => {
      const found = await mustFind(storeOf(options), options.name);
      console.print(JSON.stringify(shown(found), null, 4));
    });
  const remove = sub("delete", "delete a stored connection")
    .requiredOption("-n, --name <name>", "its name")
    .option("--json", "print the result as JSON");
  withYes(remove, "accepted for scripts; nothing is asked").action(
    async (options: NameOptions & { json?: boolean }) => {
      // That there is none is what was asked for, as in the original.
      const [folder, next] = await holdersOf(options, options.name);
      const deleted = folder !== undefined && (await openConnectionStore(folder).remove(options.name));
      if (options.json) return console.print(JSON.stringify({ name: options.name, deleted }));
      const where = folder === undefined ? "" : ` of ${path.dirname(folder)}`;
      console.say(`${deleted ? "Deleted" : "There is no"} connection "${options.name}"${where}.`);
      if (next !== undefined) console.say(`note: the one of that name in ${path.dirname(next)} counts now.`);
    },
  );
  return connection;
}

/** Those whose secrets can be read; what the others lack is said once. */
function readable(all: readonly StoredConnection[], console: Console): ReturnType<typeof shown>[] {
  const faults = new Set<string>();
  const found = all.flatMap((one) => {
    try {
      return [shown(one)];
    } catch (thrown) {
      faults.add(FlowsteadError.from(thrown).message);
      return [];
    }
  });
  for (const fault of faults) console.say(`Warning: ${fault}`);
  return found;
}

/** Of two options one must be there, which the parser does not know: it says so in its words. */
function needs(command: Command, option: string): never {
  const { flags } = command.options.find(({ long }) => long === option) ?? { flags: option };
  command.error(`error: required option '${flags}' not specified`, { code: "commander.missingMandatoryOptionValue" });
}

function storeOf(options: HomeOptions): ConnectionStore {
  return joinedStore(connectionFolders(ownConfigOf(options).config));
}

/** The folders that have a connection of this name; the first one's counts. */
async function holdersOf(options: HomeOptions, name: string): Promise<string[]> {
  const folders = connectionFolders(ownConfigOf(options).config);
  const lists = await Promise.all(folders.map((folder) => openConnectionStore(folder).list()));
  return folders.filter((_, at) => lists[at]?.some((one) => one.name === name));
}

async function sayWhere(options: HomeOptions, name: string, console: Console): Promise<void> {
  const home = path.dirname((await holdersOf(options, name))[0] ?? "");
  if (home === path.resolve(STATE_FOLDER) || options.home !== undefined) return;
  console.say(`note: kept in ${home}, for flows of any folder.`);
}

async function find(store: ConnectionStore, name: string): Promise<StoredConnection | undefined> {
  return (await store.list()).find((one) => one.name === name);
}

async function mustFind(store: ConnectionStore, name: string): Promise<StoredConnection> {
  const found = await find(store, name);
  if (found) return found;
  throw notFound(name);
}

function notFound(name: string): FlowsteadError {
  return new FlowsteadError(
    "ConnectionNotFound",
    `There is no stored connection "${name}". \`flowstead connection list\` shows those there are.`,
  );
}

/** The file's data with what the command line sets. */
async function readData({ file, name, set }: WriteOptions): Promise<ValueMap> {
  let data: ValueMap = {};
  if (file?.endsWith(".env")) data = { type: "custom", configs: {}, secrets: readEnvFile(file) };
  else if (file !== undefined) {
    const text = await readFile(file, "utf8").catch((cause: Error) => {
      throw new FlowsteadError("UsageError", `Cannot read ${file}: ${cause.message}`, { cause });
    });
    const value = file.endsWith(".json") ? parseJson(text) : parseYaml(text, file).value;
    if (!isMap(value)) throw new FlowsteadError("UsageError", `${file} does not hold a connection.`);
    data = value;
  }
  for (const [key, value] of Object.entries(pairs(set ?? []))) data = withField(data, key, value);
  return name === undefined ? data : { ...data, name };
}

/** What is stored, as far as a connection of this type has it: an address of another service would be taken for its own. */
function remaining(known: StoredConnection, type: Value | undefined): ValueMap {
  const before = written(known, (secret) => secret);
  const kind = typeof type === "string" ? findKind(type) : undefined;
  if (!kind || kind.type === known.type) return before;
  const own = new Set(["name", ...kind.secrets, ...kind.required, ...Object.keys(kind.defaults)]);
  return Object.fromEntries(Object.entries(before).filter(([key]) => own.has(key)));
}

/** The stored fields with those of `changes`, also inside configs and secrets; a field that says so stays. */
function changed(stored: ValueMap, changes: ValueMap): ValueMap {
  const result = { ...stored };
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key];
    // What `show` prints in place of a secret is none.
    if (value !== KEEP && value !== MASK) result[key] = isMap(before) && isMap(value) ? changed(before, value) : value;
  }
  return result;
}

/** A key with a dot is a field inside another: `configs.api_base`, `secrets.api_key`. */
function withField(data: ValueMap, key: string, value: string): ValueMap {
  const [, part, field] = /^(configs|secrets)\.(.+)$/.exec(key) ?? [];
  if (part === undefined || field === undefined) return { ...data, [key]: value };
  const inner = data[part];
  return { ...data, [part]: { ...(isMap(inner) ? inner : {}), [field]: value } };
}

async function save(store: ConnectionStore, data: ValueMap, console: Console): Promise<void> {
  const answered = await askFor(data);
  const connection = parseConnection(answered, "connection");
  const stored = await store.save(connection);
  console.print(JSON.stringify(shown(stored), null, 4));
}

/** Puts what a person types in place of `<user-input>`. */
async function askFor(data: ValueMap): Promise<ValueMap> {
  const open = openFields(data);
  if (open.length === 0) return data;
  if (!process.stdin.isTTY) {
    const fields = open.map(({ name, asks }) => `${name}: ${asks}`).join(", ");
    throw new FlowsteadError(
      "UsageError",
      `${fields} asks a person, and nobody is here. Use --set ${open[0]?.name}=... or \${env:NAME}.`,
    );
  }
  const answers = await askAtTerminal(open.map(({ name, isSecret }) => ({ label: `${name}: `, isSecret })));
  return open.reduce((answered, { name }, index) => withField(answered, name, answers[index] ?? ""), data);
}

interface OpenField {
  /** As `--set` names it. */
  name: string;
  /** What stands in its place. */
  asks: string;
  isSecret: boolean;
}

function openFields(data: ValueMap): OpenField[] {
  const kind = typeof data["type"] === "string" ? findKind(data["type"]) : undefined;
  const own = openIn(data, "").map((field) => ({ ...field, isSecret: kind?.secrets.includes(field.name) ?? true }));
  const secrets = data["secrets"] ?? null;
  const inner = isMap(secrets) ? openIn(secrets, "secrets.").map((field) => ({ ...field, isSecret: true })) : [];
  return [...own, ...inner];
}

function openIn(fields: ValueMap, prefix: string): Pick<OpenField, "name" | "asks">[] {
  return Object.entries(fields).flatMap(([key, value]) =>
    value === ASK || value === MASK ? [{ name: prefix + key, asks: value }] : [],
  );
}

/** The connection as the original prints it: its YAML without secrets, with where its class is and its times. */
function shown({ created, modified, ...connection }: StoredConnection): ValueMap {
  const { name, type = null, ...rest } = written(connection, () => MASK);
  return {
    name: name ?? null,
    module: "promptflow.connections",
    ...(created === undefined ? {} : { created_date: created.replace("Z", "000") }),
    ...(modified === undefined ? {} : { last_modified_date: modified.replace("Z", "000") }),
    type,
    ...rest,
  };
}

/** The connection as its YAML would say it. */
function written({ name, type, configs, secrets }: Connection, secret: (value: string) => string): ValueMap {
  const kind = CONNECTION_KINDS.find((one) => one.type === type)?.yaml ?? type;
  const hidden = Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, secret(value)]));
  if (type === "CustomConnection") return { name, type: kind, configs, secrets: hidden };
  return { name, type: kind, ...configs, ...hidden };
}
