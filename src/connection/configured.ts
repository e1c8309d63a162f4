import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { FlowsteadError } from "../base/error/error.ts";
import { isMap, type Value } from "../base/value.ts";
import type { Environment } from "./environment.ts";
import { withIdentity } from "./identity.ts";
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
 * All connections: of one name, those in `PROMPTFLOW_ENCODED_CONNECTIONS` win over the file that `PROMPTFLOW_CONNECTIONS`
 * names, which wins over one created by command, which wins over the configuration.
 * @throws FlowsteadError `InvalidConnection`, `InvalidConfig` when the file cannot be read.
 */
export function configuredConnections({ entries, store, env }: ConnectionPlaces): ConnectionSource {
  const configured = Object.entries(entries).map(([name, entry]) =>
    parseConnection({ ...(isMap(entry) ? entry : {}), name: name as Value }, `connections.${name}`),
  );
  const file = env.PROMPTFLOW_CONNECTIONS;
  const encoded = env.PROMPTFLOW_ENCODED_CONNECTIONS ?? env.PF_ENCODED_CONNECTIONS;
  const fromFile = [...(file ? readFile(file) : []), ...(encoded ? decode(encoded) : [])];
  const all = async (): Promise<ConnectionSource> =>
    openConnections({ entries: [...configured, ...(await store.list()), ...fromFile], env });
  return {
    get: async (name) => {
      const source = await all();
      const other = env[name.replaceAll(" ", "_")];
      // A variable with a connection's name names another one in its place, as on the managed platform.
      if (!other || !(await source.list()).some((one) => one.name === other)) {
        return withIdentity(await source.get(name), env);
      }
      return { ...withIdentity(await source.get(other), env), name };
    },
    list: async () => (await all()).list(),
  };
}

/** The managed platform's form: gzip and base64 around the JSON of a connection file. */
function decode(encoded: string): ReturnType<typeof readConnectionFile> {
  const name = "PROMPTFLOW_ENCODED_CONNECTIONS";
  try {
    return readConnectionFile(gunzipSync(Buffer.from(encoded, "base64")).toString("utf8"), name);
  } catch (cause) {
    if (cause instanceof FlowsteadError) throw cause;
    throw new FlowsteadError("InvalidConfig", `${name} must be base64 of gzip of JSON: {name: {type, value}}.`, {
      cause,
    });
  }
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
