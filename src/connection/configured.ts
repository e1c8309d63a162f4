import { readFileSync } from "node:fs";
import { FlowsteadError } from "../base/error/error.ts";
import { isMap, type Value } from "../base/value.ts";
import type { Environment } from "./environment.ts";
import { parseConnection, readConnectionFile } from "./parse.ts";
import { type ConnectionSource, openConnections } from "./source.ts";
import type { ConnectionStore } from "./store.ts";

export interface ConnectionPlaces {
  /** `connections:` of the configuration. */
  entries: Readonly<Record<string, unknown>>;
  /** Those created by command; looked at anew at every use, so that a running system knows new ones. */
  store: ConnectionStore;
  env: Environment;
}

/**
 * All connections: of one name, the file that `PROMPTFLOW_CONNECTIONS` names wins over one created by command, which wins over
 * the configuration.
 * @throws FlowsteadError `InvalidConnection`, `InvalidConfig` when the file cannot be read.
 */
export function configuredConnections({ entries, store, env }: ConnectionPlaces): ConnectionSource {
  const configured = Object.entries(entries).map(([name, entry]) =>
    parseConnection({ ...(isMap(entry) ? entry : {}), name: name as Value }, "flowstead.yaml"),
  );
  const file = env.PROMPTFLOW_CONNECTIONS;
  const fromFile = file ? readFile(file) : [];
  const all = async (): Promise<ConnectionSource> =>
    openConnections({ entries: [...configured, ...(await store.list()), ...fromFile], env });
  return {
    get: async (name) => (await all()).get(name),
    list: async () => (await all()).list(),
  };
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
