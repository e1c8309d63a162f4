// References to the environment inside connections.

import { FlowsteadError } from "../base/error/error.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\{env:(.*)\}/;

/** `${env:NAME}` inside a text, replaced. @throws FlowsteadError `EnvironmentVariableNotFound`. */
export function resolveText(text: string, env: Environment): string {
  const name = REFERENCE.exec(text)?.[1]?.trim();
  if (name === undefined) return text;
  const value = env[name];
  if (value === undefined) {
    throw new FlowsteadError("EnvironmentVariableNotFound", `Environment variable ${name} is not found.`, {
      details: { variable: name },
    });
  }
  return text.replace(REFERENCE, () => value);
}

/** The variable that overrides a connection's key: `{NAME}_{KEY}`, upper case, blanks as underscores, dashes kept. */
export function overrideName(connection: string, key: string): string {
  return `${connection}_${key}`.toUpperCase().replaceAll(" ", "_");
}
