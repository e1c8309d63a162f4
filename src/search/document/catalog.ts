// The indexes of documents by name, with the aliases and synonym maps beside them.

import { FlowsteadError } from "../../base/error/error.ts";
import { uuid } from "../../base/id.ts";
import type { Embedder } from "../../model/embedder.ts";
import { checkDefinition } from "./check-definition.ts";
import { type Schema, readSchema } from "./definition.ts";
import type { DocumentIndex } from "./document-index.ts";
import type { AnyDocumentProvider, StoredIndex } from "./document-store.ts";
import type { FieldImage } from "./image.ts";
import { negotiated } from "./negotiated.ts";
import { residentIndex } from "./resident-index.ts";
import { sharedIndexes } from "./shared-index.ts";
import { type SynonymRules, checkSynonymFormat, parseSynonyms } from "./synonym.ts";

/** Conditions of a write, as the HTTP headers of the same name. */
export interface Condition {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

export type ExtraKind = "synonymmaps" | "aliases";

export interface DocumentCatalog {
  list(): Promise<StoredIndex[]>;
  /** @throws FlowsteadError `IndexNotFound`. */
  read(name: string): Promise<StoredIndex>;
  /** Makes an index, or changes its definition where documents need not be written anew. */
  put(
    definition: unknown,
    condition: Condition & { mustBeNew?: boolean },
  ): Promise<{ created: boolean; index: StoredIndex }>;
  remove(name: string, condition: Condition): Promise<boolean>;
  /** By its name or an alias; do not close it. @throws FlowsteadError `IndexNotFound`. */
  open(name: string): Promise<DocumentIndex>;
  extras(kind: ExtraKind): Promise<StoredIndex[]>;
  putExtra(
    kind: ExtraKind,
    definition: Record<string, unknown>,
    condition: Condition & { mustBeNew?: boolean },
  ): Promise<{ created: boolean; index: StoredIndex }>;
  removeExtra(kind: ExtraKind, name: string, condition: Condition): Promise<boolean>;
  close(): Promise<void>;
}

export function openCatalog(provider: AnyDocumentProvider, embedder: Embedder | undefined): DocumentCatalog {
  const synonyms = new Map<string, SynonymRules>();
  let loaded: Promise<void> | undefined;

  const loadSynonyms = (): Promise<void> => {
    loaded ??= provider.readExtras("synonymmaps").then((all) => {
      for (const [name, { definition }] of Object.entries(all)) {
        synonyms.set(name, parseSynonyms(definition["synonyms"]));
      }
    });
    return loaded;
  };
  const otherWords = ({ field }: FieldImage, text: string): readonly string[] =>
    field.synonymMaps.flatMap((name) => synonyms.get(name)?.(text) ?? []);

  const read = async (name: string): Promise<StoredIndex> => {
    const found = await provider.read(name);
    if (found) return found;
    throw new FlowsteadError(
      "IndexNotFound",
      `No index with the name '${name}' was found in the service. GET /indexes lists those there are.`,
      { details: { name } },
    );
  };
  const openOne = async (name: string): Promise<DocumentIndex> => {
    const schema = readSchema((await read(name)).definition);
    if ("openIndex" in provider)
      return negotiated(await provider.openIndex(schema), { title: provider.title, embedder });
    await loadSynonyms();
    return residentIndex({ schema, store: await provider.open(name), embedder, synonyms: otherWords });
  };
  const shared = sharedIndexes(openOne);
  type Put = DocumentCatalog["put"];
  const put = async (schema: Schema, definition: unknown, condition: Parameters<Put>[1]): ReturnType<Put> => {
    const { name } = schema.definition;
    const before = await provider.read(name);
    checkCondition(before, { ...condition, name });
    if (!("openIndex" in provider)) checkDefinition(schema);
    if (before) checkChange(readSchema(before.definition), schema);
    const index = { definition: definition as Record<string, unknown>, etag: newEtag() };
    await provider.put(name, index);
    // A service gives its own etag.
    const kept = "openIndex" in provider ? await provider.read(name) : undefined;
    return { created: !before, index: kept ?? index };
  };

  return {
    list: () => provider.list(),
    read,
    async put(definition, condition) {
      const schema = readSchema(definition);
      return shared.changing(schema.definition.name, () => put(schema, definition, condition));
    },
    remove: (name, condition) =>
      shared.changing(name, async () => {
        checkCondition(await provider.read(name), { ...condition, name });
        return provider.remove(name);
      }),
    async open(name) {
      const aliases = await provider.readExtras("aliases");
      const target = (aliases[name]?.definition["indexes"] as string[] | undefined)?.[0] ?? name;
      return shared.open(target);
    },
    extras: async (kind) => Object.values(await provider.readExtras(kind)),
    async putExtra(kind, definition, condition) {
      const name = String(definition["name"]);
      const all = await provider.readExtras(kind);
      checkCondition(all[name], { ...condition, name });
      if (kind === "synonymmaps") {
        checkSynonymFormat(definition["format"]);
        await loadSynonyms();
        synonyms.set(name, parseSynonyms(definition["synonyms"]));
      } else await read((definition["indexes"] as string[])[0] ?? "");
      const index = { definition, etag: newEtag() };
      await provider.writeExtras(kind, { ...all, [name]: index });
      return { created: !all[name], index };
    },
    async removeExtra(kind, name, condition) {
      const { [name]: gone, ...rest } = await provider.readExtras(kind);
      checkCondition(gone, { ...condition, name });
      if (gone) await provider.writeExtras(kind, rest);
      if (kind === "synonymmaps") synonyms.delete(name);
      return gone !== undefined;
    },
    async close() {
      await shared.close();
      await provider.close();
    },
  };
}

function newEtag(): string {
  return `"0x${uuid().replaceAll("-", "").slice(0, 15).toUpperCase()}"`;
}

function checkCondition(
  before: StoredIndex | undefined,
  { ifMatch, ifNoneMatch, mustBeNew, name }: Condition & { mustBeNew?: boolean; name: string },
): void {
  if (mustBeNew && before) {
    throw new FlowsteadError("IndexExists", `Cannot create '${name}' because it already exists.`, {
      details: { name },
    });
  }
  const isStale = ifMatch !== undefined && ifMatch !== "*" && before?.etag !== ifMatch;
  if (isStale || (ifMatch === "*" && !before) || (ifNoneMatch === "*" && before)) {
    throw new FlowsteadError(
      "InvalidRequest",
      `The precondition given in one of the request headers evaluated to false: '${name}' has changed.`,
      {
        status: 412,
      },
    );
  }
}

/** Fields may be added; what is there stays as it is, since documents were analysed by it. */
function checkChange(before: Schema, after: Schema): void {
  for (const field of before.fields.values()) {
    const now = after.fields.get(field.path);
    const isSame =
      now?.type === field.type &&
      now.isCollection === field.isCollection &&
      now.isKey === field.isKey &&
      now.analyzer === field.analyzer &&
      now.searchable === field.searchable &&
      now.vector?.dimensions === field.vector?.dimensions;
    if (isSame) continue;
    throw new FlowsteadError(
      "InvalidRequest",
      now
        ? `Existing field '${field.path}' cannot be changed. Make an index of another name, or delete this one first.`
        : `Existing field '${field.path}' cannot be deleted. Make an index of another name, or delete this one first.`,
    );
  }
}
