// A query of words as data: what both query syntaxes of Azure AI Search are parsed to.

export type QueryNode =
  | { kind: "term"; text: string; field?: string; boost: number }
  | { kind: "prefix"; text: string; field?: string; boost: number }
  | { kind: "wildcard" | "regex"; pattern: RegExp; field?: string; boost: number }
  | { kind: "fuzzy"; text: string; distance: 1 | 2; field?: string; boost: number }
  | { kind: "phrase"; text: string; slop: number; field?: string; boost: number }
  | { kind: "boolean"; must: QueryNode[]; should: QueryNode[]; not: QueryNode[]; boost: number }
  | { kind: "everything"; boost: number };

export interface Clause {
  occur: "must" | "should" | "not";
  node: QueryNode;
}

/** A group of clauses; one that only excludes excludes from everything. */
export function group(clauses: readonly Clause[], boost = 1): QueryNode {
  const of = (occur: Clause["occur"]): QueryNode[] =>
    clauses.filter((one) => one.occur === occur).map(({ node }) => node);
  const [must, should, not] = [of("must"), of("should"), of("not")];
  if (boost === 1 && must.length + should.length === 1 && not.length === 0) return (must[0] ?? should[0])!;
  if (must.length + should.length === 0 && not.length > 0) must.push({ kind: "everything", boost: 0 });
  return { kind: "boolean", must, should, not, boost };
}
