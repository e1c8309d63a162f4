// Indexes in an OpenSearch cluster: a definition lies in its index's mapping, synonym maps and aliases in an index of their own.

import { readSchema } from "../../document/definition.ts";
import type { SearchingProvider, StoredIndex } from "../../document/document-store.ts";
import { type ClusterOptions, type Json, clusterClient } from "./client.ts";
import { clusterIndex } from "./index-client.ts";
import { mappingOf, refuse } from "./mapping.ts";

interface Mapped {
  mappings: { _meta?: { flowstead?: { definition: string; etag: string } } };
}

/** Nothing is sent before the first use. */
export function openSearchDocuments(options: ClusterOptions): SearchingProvider {
  const client = clusterClient(options);
  const prefix = options.prefix ?? "flowstead-";
  // No index of ours can have this name: theirs have no underscore.
  const extras = `/${prefix.replace(/-$/, "")}_extras/_doc`;
  const pathOf = (name: string): string => `/${encodeURIComponent(prefix + name)}`;
  const stored = ({ mappings }: Mapped): StoredIndex | undefined => {
    const kept = mappings._meta?.flowstead;
    return kept && { definition: JSON.parse(kept.definition) as Json, etag: kept.etag };
  };
  const mapped = async (path: string): Promise<StoredIndex[]> => {
    const found = await client.json({ method: "GET", path: `${path}/_mapping`, mayBeAbsent: true });
    return Object.values((found ?? {}) as Record<string, Mapped>).flatMap((one) => stored(one) ?? []);
  };
  const readExtras = async (kind: string): Promise<Record<string, StoredIndex>> => {
    const found = await client.json({ method: "GET", path: `${extras}/${kind}`, mayBeAbsent: true });
    const text = (found?.["_source"] as { value?: string } | undefined)?.value;
    return text === undefined ? {} : (JSON.parse(text) as Record<string, StoredIndex>);
  };
  return {
    title: "OpenSearch",
    list: () => mapped(`/${encodeURIComponent(prefix)}*`),
    read: async (name) => (await mapped(pathOf(name)))[0],
    async put(name, { definition, etag }) {
      const schema = readSchema(definition);
      const kept = { flowstead: { definition: JSON.stringify(definition), etag } };
      const mappings = { dynamic: "strict", _meta: kept, properties: mappingOf(schema) };
      const before = await client.json({ method: "GET", path: `${pathOf(name)}/_mapping`, mayBeAbsent: true });
      if (before) await client.json({ method: "PUT", path: `${pathOf(name)}/_mapping`, body: mappings });
      else {
        const settings = { index: { knn: [...schema.fields.values()].some(({ vector }) => vector) } };
        await client.json({ method: "PUT", path: pathOf(name), body: { settings, mappings } });
      }
    },
    remove: async (name) =>
      (await client.json({ method: "DELETE", path: pathOf(name), mayBeAbsent: true })) !== undefined,
    readExtras,
    async writeExtras(kind, all) {
      if (kind === "synonymmaps" && Object.keys(all).length > 0) throw refuse("synonym maps");
      const body = { value: JSON.stringify(all) };
      await client.json({ method: "PUT", path: `${extras}/${kind}?refresh=wait_for`, body });
    },
    openIndex: async (schema) => clusterIndex(client, prefix + schema.definition.name, schema),
    close: () => client.close(),
  };
}
