// Who may see a document, as files beside the documents say it: `NAME.acl.json` for one file, `.acl.json` for a folder and what
// is below it. The nearest one counts; without any, everyone may.

import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { isInside, joined } from "./scan-path.ts";

/** Ends the name of the file that speaks of one document. */
export const ACL_ENDING = ".acl.json";
/** Speaks of the folder it lies in. */
export const ACL_FILE = ".acl.json";

const Rule = z.strictObject({ groups: z.array(z.string().trim().min(1)).max(1000) });

/** Groups that may see a file, sorted, or undefined for everyone. An empty list is nobody.
 * @throws FlowsteadError `DocumentDamaged`: a rule that cannot be read must not open what it protects. */
export type AccessRules = (file: string) => Promise<string[] | undefined>;

/** The text of a small file; undefined when there is none. */
type TextOf = (file: string) => Promise<string | undefined>;

/** Rules as they are now; each folder's is read once. Those of the folders around `scope` count too, up to `top`. */
export function accessRules(top: string, textOf: TextOf): AccessRules {
  const folders = new Map<string, Promise<string[] | undefined>>();
  const ofFolder = (folder: string): Promise<string[] | undefined> => {
    let known = folders.get(folder);
    if (!known) {
      known = readRule(joined(folder, ACL_FILE), textOf).then((groups) => {
        const parent = path.dirname(folder);
        return groups ?? (folder !== top && isInside(folder, top) && parent !== folder ? ofFolder(parent) : undefined);
      });
      folders.set(folder, known);
    }
    return known;
  };
  return async (file) => (await readRule(`${file}${ACL_ENDING}`, textOf)) ?? ofFolder(path.dirname(file));
}

async function readRule(file: string, textOf: TextOf): Promise<string[] | undefined> {
  let text: string | undefined;
  try {
    text = await textOf(file);
  } catch (thrown) {
    const { code, message } = FlowsteadError.from(thrown);
    if (code !== "DocumentUnreadable") throw thrown;
    throw new FlowsteadError("DocumentDamaged", `Its access rule cannot be read: ${message}`, { cause: thrown });
  }
  if (text === undefined) return undefined;
  try {
    return [...new Set(Rule.parse(JSON.parse(text)).groups)].sort();
  } catch (thrown) {
    throw new FlowsteadError(
      "DocumentDamaged",
      `Its access rule ${file} is not of the form {"groups": ["name", ...]}.`,
      { cause: thrown },
    );
  }
}
