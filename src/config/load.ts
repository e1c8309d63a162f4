import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { plain } from "../base/json.ts";
import { isMap } from "../base/value.ts";
import { type YamlSource, parseYaml } from "../base/yaml.ts";
import { type Environment, modelsFromEnvironment, storesFromEnvironment } from "./environment.ts";
import { type Config, configSchema } from "./schema.ts";
import { resolveSecrets } from "./secret.ts";

export interface LoadConfigOptions {
  /** Settings from the command line; they win over the environment, which wins over the file. */
  overrides?: { home?: string; port?: number; host?: string };
  /** A configuration file; `flowstead.yaml` in the working folder when absent, if there is one. */
  file?: string;
  env: Environment;
}

export interface LoadedConfig {
  config: Readonly<Config>;
  env: Environment;
  /** The file that was read. */
  file: string | undefined;
  /** Whether somebody asked for this port, so that another one would be a surprise. */
  portIsExplicit: boolean;
}

/** Reads the configuration once; nobody else reads the environment. @throws FlowsteadError `InvalidConfig`. */
export function loadConfig({ overrides = {}, file, env }: LoadConfigOptions): LoadedConfig {
  const found =
    file ?? (env.FLOWSTEAD_CONFIG || undefined) ?? (existsSync("flowstead.yaml") ? "flowstead.yaml" : undefined);
  const source = found === undefined ? undefined : readSource(found);
  const raw = source === undefined ? {} : asSettings(source, found as string);
  const stronger = { ...fromEnvironment(env), ...defined(overrides) };
  const settings: Record<string, unknown> = { ...raw, ...stronger };
  const parsed = configSchema.safeParse(resolveSecrets(settings, env));
  if (!parsed.success) {
    // A file is not to blame for what the environment or the command line says.
    throw invalid(parsed.error, (key) =>
      source && !(String(key[0]) in stronger) ? `${found}:${source.lineOf(key)}: ` : "",
    );
  }
  const config = parsed.data;
  if (config.models.length === 0) config.models = modelsFromEnvironment(env);
  Object.assign(config.documents, storesFromEnvironment(config.documents, env));
  config.home = path.resolve(config.home);
  return { config: deepFreeze(config), env, file: found, portIsExplicit: settings.port !== undefined };
}

function readSource(file: string): YamlSource {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new FlowsteadError(
      "InvalidConfig",
      `Cannot read the configuration file ${file}: ${(cause as Error).message}`,
      { cause },
    );
  }
  return parseYaml(text, file);
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

function invalid(error: z.ZodError, placeOf: (key: (string | number)[]) => string): FlowsteadError {
  const lines = error.issues.map((issue) => {
    const key = issue.path.join(".") || "(top level)";
    return `${placeOf(issue.path as (string | number)[])}${key}: ${issue.message}`;
  });
  return new FlowsteadError("InvalidConfig", `The configuration cannot be used.\n${lines.join("\n")}`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item);
    Object.freeze(value);
  }
  return value;
}
