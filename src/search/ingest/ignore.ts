import { readFile } from "node:fs/promises";
import path from "node:path";

export const IGNORE_FILE = ".flowsteadignore";

/** Whether a path is left out. */
type Ignore = (file: string) => boolean;

/** What a folder's ignore file leaves out: names or paths below the folder, a line each, with `*` and `**`. */
export async function readIgnore(folder: string): Promise<Ignore | undefined> {
  const rule = ignoreRules((await readFile(path.join(folder, IGNORE_FILE), "utf8").catch(() => undefined)) ?? "");
  return rule && ((file) => rule(path.relative(folder, file).split(path.sep).join("/")));
}

/** The same of the file's text, for paths below its folder with forward slashes. */
export function ignoreRules(text: string): Ignore | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const rules = lines.filter((line) => line !== "" && !line.startsWith("#")).map(ruleOf);
  return rules.length === 0 ? undefined : (below) => rules.some((rule) => rule.test(below));
}

/** A name without a slash counts in every folder below, as in other ignore files. */
function ruleOf(line: string): RegExp {
  const bare = line.replace(/^\.?\//, "").replace(/\/$/, "");
  const parts = bare.split(/(\*\*\/?|\*|\?)/);
  const pattern = parts.map((part) => {
    if (part.startsWith("**")) return ".*";
    if (part === "*") return "[^/]*";
    return part === "?" ? "[^/]" : part.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`${line.replace(/\/$/, "").includes("/") ? "^" : "^(?:.*/)?"}${pattern.join("")}$`);
}
