import { FlowsteadError } from "../base/error/error.ts";
import type { Environment } from "./environment.ts";

const REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** Replaces every `${env:NAME}` text by the variable's value. @throws FlowsteadError `InvalidConfig` when it is not set. */
export function resolveSecrets(value: unknown, env: Environment, where = ""): unknown {
  if (typeof value === "string") {
    const name = REFERENCE.exec(value)?.[1];
    if (name === undefined) return value;
    const found = env[name];
    if (found === undefined) {
      throw new FlowsteadError(
        "InvalidConfig",
        `${where}: environment variable ${name} is not set. Set it, or change the reference ${value}.`,
      );
    }
    return found;
  }
  if (Array.isArray(value)) return value.map((item, index) => resolveSecrets(item, env, `${where}[${index}]`));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, resolveSecrets(item, env, where ? `${where}.${key}` : key)]),
    );
  }
  return value;
}
