// The tables of this folder: for each claim of what the system does, edits of the source that take it away and the test that
// fails then.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { parseYaml } from "../../src/base/yaml.ts";

const FOLDER = "test/mutation";

const mutation = z.strictObject({
  file: z.string(),
  /** Stands exactly once in the file. */
  find: z.string().min(1),
  replace: z.string(),
  test: z.union([z.string(), z.array(z.string()).min(1)]).transform((test) => [test].flat()),
});
const table = z.strictObject({
  point: z.string(),
  claims: z.array(z.strictObject({ claim: z.string(), mutations: z.array(mutation).min(1) })).min(1),
});

export type Mutation = z.infer<typeof mutation>;
export type Table = z.infer<typeof table> & { file: string };

/** All tables, by the number that a point begins with. */
export function readTables(): Table[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
  const tables = files.map((name) => {
    const file = path.join(FOLDER, name);
    return { file, ...table.parse(parseYaml(readFileSync(file, "utf8"), file).value) };
  });
  return tables.toSorted((one, other) => one.point.localeCompare(other.point, "en", { numeric: true }));
}

/**
 * The text of a mutation's file with the edit.
 * @throws Error where the text to be found does not stand there exactly once, or the edit changes nothing.
 */
export function mutate({ file, find, replace }: Mutation, root = "."): string {
  const parts = readFileSync(path.join(root, file), "utf8").split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`);
  if (find === replace) throw new Error(`${file}: the edit changes nothing: ${find}`);
  return parts.join(replace);
}
