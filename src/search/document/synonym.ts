import { FlowsteadError } from "../../base/error/error.ts";

/** Other wordings of a word. */
export type SynonymRules = (text: string) => readonly string[];

/**
 * Rules in the form of Apache Solr, one a line: `usa, united states` are equal, `wa => washington` replaces.
 * @throws FlowsteadError `InvalidRequest` naming the line.
 */
export function parseSynonyms(given: unknown): SynonymRules {
  const text = Array.isArray(given) ? given.join("\n") : given;
  if (typeof text !== "string") throw wrong("`synonyms` must be a text of rules, one a line");
  const rules = new Map<string, Set<string>>();
  const add = (from: string, to: readonly string[]): void => {
    const known = rules.get(from.toLowerCase()) ?? new Set();
    for (const one of to) if (one !== from) known.add(one);
    rules.set(from.toLowerCase(), known);
  };
  for (const [at, line] of text.split("\n").entries()) {
    const rule = line.replace(/#.*$/, "").trim();
    if (rule === "") continue;
    const sides = rule.split("=>").map((side) =>
      side
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean),
    );
    const [left = [], right, more] = sides;
    if (more || left.length === 0 || right?.length === 0)
      throw wrong(`the rule in line ${at + 1} cannot be read: "${rule}"`);
    for (const one of left) add(one, right ?? left);
  }
  return (word) => [...(rules.get(word.toLowerCase()) ?? [])];
}

/** @throws FlowsteadError `InvalidRequest` for rules in another form than Solr's. */
export function checkSynonymFormat(format: unknown): void {
  if (![undefined, null, "solr"].includes(format as string)) {
    throw wrong(`the format '${String(format)}' is not supported, write solr`);
  }
}

function wrong(why: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `The synonym map is invalid: ${why}.`);
}
