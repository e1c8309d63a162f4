// Indexes in an Azure AI Search service: definitions, synonym maps and aliases are its own, and so is the search.

import type { SearchingProvider, StoredIndex } from "../../document/document-store.ts";
import { type ServiceOptions, serviceClient } from "./client.ts";
import { serviceIndex } from "./index-client.ts";

type Definition = Record<string, unknown>;

/** Nothing is sent before the first use. */
export function azureSearchDocuments(options: ServiceOptions): SearchingProvider {
  const client = serviceClient(options);
  const all = async (collection: string): Promise<StoredIndex[]> => {
    // Stable versions of the service had no aliases for long.
    const absent = collection === "aliases" ? [400, 404] : [];
    const answer = await client.json({ method: "GET", path: `/${collection}` }, absent);
    return ((answer as { value: Definition[] } | undefined)?.value ?? []).map(toStored);
  };
  const put = async (collection: string, name: string, definition: Definition): Promise<void> => {
    await client.json({
      method: "PUT",
      path: `/${collection}('${encodeURIComponent(name)}')`,
      body: { ...definition, name },
      headers: { prefer: "return=representation" },
    });
  };
  const remove = async (collection: string, name: string): Promise<boolean> => {
    const path = `/${collection}('${encodeURIComponent(name)}')`;
    const before = await client.json({ method: "GET", path }, [404]);
    if (before === undefined) return false;
    await client.json({ method: "DELETE", path }, [404]);
    return true;
  };
  const readExtras = async (kind: string): Promise<Record<string, StoredIndex>> =>
    Object.fromEntries((await all(kind)).map((one) => [String(one.definition["name"]), one]));
  return {
    title: "Azure AI Search",
    list: () => all("indexes"),
    async read(name) {
      const found = await client.json({ method: "GET", path: `/indexes('${encodeURIComponent(name)}')` }, [404]);
      return found === undefined ? undefined : toStored(found as Definition);
    },
    put: (name, { definition }) => put("indexes", name, definition),
    remove: (name) => remove("indexes", name),
    readExtras,
    async writeExtras(kind, extras) {
      const before = await readExtras(kind);
      for (const name of Object.keys(before)) if (!extras[name]) await remove(kind, name);
      for (const [name, { definition, etag }] of Object.entries(extras)) {
        if (before[name]?.etag !== etag) await put(kind, name, definition);
      }
    },
    openIndex: async (schema) => serviceIndex(client, schema),
    close: () => client.close(),
  };
}

function toStored({ "@odata.etag": etag, "@odata.context": _context, ...definition }: Definition): StoredIndex {
  return { definition, etag: String(etag) };
}
