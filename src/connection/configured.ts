import { readFileSync } from "node:fs";
import { FlowsteadError } from "../base/error/error.ts";
import { isMap, type Value } from "../base/value.ts";
import type { Environment } from "./environment.ts";
import { parseConnection, readConnectionFile } from "./parse.ts";
import { type ConnectionSource, openConnections } from "./source.ts";

/**
 * The connections of the configuration, and those of the file that `PROMPTFLOW_CONNECTIONS` names, which win.
 * @throws FlowsteadError `InvalidConnection`, `InvalidConfig` when the file cannot be read.
 */
export function configuredConnections(entries: Readonly<Record<string, unknown>>, env: Environment): ConnectionSource {
  const configured = Object.entries(entries).map(([name, entry]) =>
    parseConnection({ ...(isMap(entry) ? entry : {}), name: name as Value }, "flowstead.yaml"),
  );
  const file = env.PROMPTFLOW_CONNECTIONS;
  return openConnections({ entries: [...configured, ...(file ? readFile(file) : [])], env });
}

function readFile(file: string): ReturnType<typeof readConnectionFile> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new FlowsteadError(
      "InvalidConfig",
      `PROMPTFLOW_CONNECTIONS names ${file}, which cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
  return readConnectionFile(text, file);
}
