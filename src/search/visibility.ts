/** Whose passages are wanted: those of everyone and of these groups, or with `all`, for whoever keeps the index, every one. */
export type Readers = readonly string[] | "all";

/** What candidates are limited to before anything is ranked. */
export interface Within {
  documentIds?: readonly string[] | undefined;
  readers: Readers;
}

/** A passage without groups is for everyone; an empty list is for nobody. */
export function isVisible({ groups }: { groups?: readonly string[] }, readers: Readers): boolean {
  return groups === undefined || readers === "all" || groups.some((group) => readers.includes(group));
}

/** Undefined when all passages pass. */
export function passageTest({
  documentIds,
  readers,
}: Within): ((passage: { documentId: string; groups?: readonly string[] }) => boolean) | undefined {
  const wanted = documentIds && new Set(documentIds);
  if (!wanted && readers === "all") return undefined;
  return (passage) => (!wanted || wanted.has(passage.documentId)) && isVisible(passage, readers);
}
