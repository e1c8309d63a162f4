import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { isMap } from "../base/value.ts";
import { type YamlPath, type YamlSource, parseYaml } from "../base/yaml.ts";
import { complaints, placedInFile } from "./complaint.ts";
import { type Environment, modelsFromEnvironment, storesFromEnvironment } from "./environment.ts";
import { userHome } from "./folder.ts";
import { type Config, configSchema } from "./schema.ts";
import { resolveSecrets } from "./secret.ts";

export interface LoadConfigOptions {
  /** Settings from the command line; they win over the environment, which wins over the file. */
  overrides?: { home?: string; port?: number; host?: string };
  /** A configuration file; `flowstead.yaml` in the working folder when absent, if there is one. */
  file?: string;
  env: Environment;
  /** State folder where nobody names one; `.flowstead` in the working folder when absent. */
  usualHome?: string | undefined;
  /** Whether variables that describe half of a model count for nothing, in place of being an error. */
  halfModelIsFine?: boolean;
}

export interface LoadedConfig {
  config: Readonly<Config>;
  env: Environment;
  /** The file that was read. */
  file: string | undefined;
  /** Whether somebody asked for this port, so that another one would be a surprise. */
  portIsExplicit: boolean;
  /** An error that names a setting of the file, with the line at which it stands there. */
  placed(thrown: unknown): unknown;
}

/** Reads the configuration once; nobody else reads the environment. @throws FlowsteadError `InvalidConfig`. */
export function loadConfig({ overrides = {}, file, env, ...usual }: LoadConfigOptions): LoadedConfig {
  const found =
    file ?? (env.FLOWSTEAD_CONFIG || undefined) ?? (existsSync("flowstead.yaml") ? "flowstead.yaml" : undefined);
  const source = found === undefined ? undefined : readSource(found);
  const raw = source === undefined ? {} : asSettings(source, found as string);
  const stronger = { ...fromEnvironment(env), ...defined(overrides) };
  const settings: Record<string, unknown> = { ...defined({ home: usual.usualHome }), ...raw, ...stronger };
  const placed = (thrown: unknown): unknown => (source ? placedInFile(thrown, found as string, source) : thrown);
  const parsed = configSchema.safeParse(secretsOf(settings, env, placed));
  if (!parsed.success) {
    // A file is not to blame for what the environment or the command line says.
    const place = (key: YamlPath): string =>
      source && !(String(key[0]) in stronger) ? `${found}:${source.lineOf(key)}: ` : "";
    const lines = complaints(parsed.error, place);
    throw new FlowsteadError("InvalidConfig", `The configuration cannot be used.\n${lines.join("\n")}`);
  }
  const config = parsed.data;
  if (config.models.length === 0) config.models = modelsFromEnvironment(env, { halfIsFine: usual.halfModelIsFine });
  Object.assign(config.documents, storesFromEnvironment(config.documents, env));
  config.home = path.resolve(config.home);
  // Who names a folder means that one: a service must not take what the person who starts it has.
  config.shared_home ??= "home" in raw || "home" in stronger ? "" : env.PF_HOME_DIRECTORY || userHome();
  return { config: deepFreeze(config), env, file: found, portIsExplicit: settings.port !== undefined, placed };
}

function secretsOf(settings: Record<string, unknown>, env: Environment, placed: LoadedConfig["placed"]): unknown {
  try {
    return resolveSecrets(settings, env);
  } catch (thrown) {
    throw placed(thrown);
  }
}

function readSource(file: string): YamlSource {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new FlowsteadError(
      "InvalidConfig",
      `Cannot read the configuration file ${file}: ${(cause as Error).message}`,
      { cause },
    );
  }
  const text = bytes.toString("utf8");
  const broken = isUtf8(bytes) ? -1 : text.indexOf("\uFFFD");
  if (broken < 0) return parseYaml(text, file);
  const line = text.slice(0, broken).split("\n").length;
  throw new FlowsteadError("InvalidConfig", `${file}:${line}: a character that is no UTF-8. Save the file as UTF-8.`);
}

function asSettings(source: YamlSource, file: string): Record<string, unknown> {
  if (source.value === null) return {};
  if (!isMap(source.value)) throw new FlowsteadError("InvalidConfig", `${file}:1: the file must hold keys and values.`);
  return plain(source.value) as Record<string, unknown>;
}

function fromEnvironment(env: Environment): Record<string, unknown> {
  const level = env.FLOWSTEAD_LOG_LEVEL;
  return defined({
    home: env.FLOWSTEAD_HOME || undefined,
    host: env.FLOWSTEAD_HOST || undefined,
    port: env.FLOWSTEAD_PORT ? Number(env.FLOWSTEAD_PORT) : undefined,
    log: level ? { level } : undefined,
  });
}

function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item);
    Object.freeze(value);
  }
  return value;
}
