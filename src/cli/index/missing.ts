// What somebody is told who names an index that is not there: most often it is a slip of the fingers.

import { searchServer } from "../../app/search-server.ts";
import { closestName } from "../../base/closest-name.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { documentFolder } from "../../config/folder.ts";
import type { Config } from "../../config/schema.ts";
import { documentProvider } from "../../search/provider/index.ts";
import type { Search } from "../../search/search.ts";

const MOST_NAMED = 20;

/** `IndexNotFound` with the names that there are, of passages and of documents. */
export async function missingIndex(
  name: string,
  config: Readonly<Config>,
  search: Pick<Search, "list">,
): Promise<FlowsteadError> {
  const provider = documentProvider({ folder: documentFolder(config), server: searchServer(config) });
  const documents = await provider.list().finally(() => provider.close());
  const found = [...(await search.list()), ...documents.map(({ definition }) => definition)];
  const names = [...new Set(found.map((one) => String(one["name"])))].sort();
  return new FlowsteadError("IndexNotFound", `There is no search index named ${name}${others(name, names)}`, {
    details: { name, names: names.slice(0, MOST_NAMED) },
  });
}

function others(name: string, names: readonly string[]): string {
  if (names.length === 0) return ", nor any other. Make one with `flowstead index add FOLDER --index NAME`.";
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const meant = closestName(name, names);
  const question = meant === undefined ? "" : ` Did you mean "${meant}"?`;
  return `. There ${names.length === 1 ? "is" : "are"} ${names.slice(0, MOST_NAMED).join(", ")}${more}.${question}`;
}
