/** Where a call to the search service goes: `/indexes('x')/docs('k')` and `/indexes/x/docs/k` are the same. */
export interface SearchPath {
  /** `indexes`, `synonymmaps`, `aliases`, `servicestats`. */
  collection: string;
  name?: string;
  /** What follows, such as `docs`, with the `search.` and `search.post.` of the long form left out. */
  rest: string[];
}

/** Undefined when it is no path of the search service. @throws URIError for a broken escape. */
export function searchPath(path: string): SearchPath | undefined {
  const segments = path.split("/").filter((segment) => segment !== "");
  const parts: string[] = [];
  for (const segment of segments) {
    const match = /^([A-Za-z$.]+)\((?:'|%27)(.*)(?:'|%27)\)$/.exec(segment);
    if (match) parts.push(match[1]!, decodeURIComponent(match[2]!).replaceAll("''", "'"));
    else parts.push(decodeURIComponent(segment));
  }
  const [collection, name, ...rest] = parts;
  if (collection === undefined || !COLLECTIONS.includes(collection)) return undefined;
  const plain = rest.map((part) => part.replace(/^search\.(?:post\.)?/, ""));
  return name === undefined ? { collection, rest: plain } : { collection, name, rest: plain };
}

const COLLECTIONS = [
  "indexes",
  "synonymmaps",
  "aliases",
  "servicestats",
  "indexers",
  "datasources",
  "skillsets",
  "knowledgebases",
  "knowledgesources",
];
