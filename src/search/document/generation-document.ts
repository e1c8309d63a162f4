// Of indexes in a database or service: a document for each name, in an index of their own that is made with the first of them.

import { FlowsteadError } from "../../base/error/error.ts";
import { firstGeneration, type Generation, type Generations, readGeneration } from "../generation.ts";
import { checkIndexName } from "../search.ts";
import type { DocumentCatalog } from "./catalog.ts";
import type { DocumentIndex } from "./document-index.ts";
import { readSearch } from "./request.ts";

const INDEX = "flowstead-generations";
const MOST = 1000;

const DEFINITION = {
  name: INDEX,
  fields: [
    { name: "name", type: "Edm.String", key: true },
    { name: "state", type: "Edm.String", searchable: false, filterable: false, sortable: false, facetable: false },
  ],
};

export interface GenerationDocuments {
  catalog: DocumentCatalog;
  /** For so long what was read counts: each reading is a call. */
  keptMs: number;
}

export function generationDocuments({ catalog, keptMs }: GenerationDocuments): Generations {
  const known = new Map<string, { at: number; generation: Generation }>();
  let opened: DocumentIndex | undefined;

  /** Undefined before the first name was built anew. */
  const index = async (): Promise<DocumentIndex | undefined> => {
    opened ??= await catalog.open(INDEX).catch((thrown: unknown) => {
      if (thrown instanceof FlowsteadError && thrown.code === "IndexNotFound") return undefined;
      throw thrown;
    });
    return opened;
  };
  const write = async (action: "upload" | "delete", name: string, state?: string): Promise<void> => {
    if (!(await index())) await catalog.put(DEFINITION, {});
    const document = { name: checkIndexName(name), ...(state === undefined ? {} : { state }) };
    const [result] = await (await index())!.write([{ action, document }]);
    if (result?.error)
      throw new FlowsteadError("SearchFailed", `The index behind ${name} could not be set: ${result.error}`);
    known.delete(name);
  };
  return {
    // A service shows what is written within a second or two.
    seenWithinMs: keptMs === 0 ? 0 : keptMs + 2000,
    isShared: true,
    async of(name, isFresh = false) {
      checkIndexName(name);
      const before = known.get(name);
      if (!isFresh && before && Date.now() - before.at < keptMs) return before.generation;
      const at = Date.now();
      const found = await (await index())?.get(name, undefined);
      const state = found?.["state"];
      const generation =
        typeof state === "string"
          ? readGeneration(state, `The document ${name} of the index ${INDEX}`)
          : firstGeneration(name);
      known.set(name, { at, generation });
      return generation;
    },
    async names() {
      const { value } = (await (await index())?.search(readSearch({ search: "*", top: MOST, select: "name" }))) ?? {};
      return (value ?? []).map(({ name }) => String(name));
    },
    write: (name, generation) => write("upload", name, JSON.stringify(generation)),
    async remove(name) {
      if (await index()) await write("delete", name);
    },
  };
}
