/** Names that every template knows; a context value of the same name hides them. */
export const GLOBAL_NAMES: ReadonlySet<string> = new Set(["range", "dict", "lipsum", "cycler", "joiner", "namespace"]);
