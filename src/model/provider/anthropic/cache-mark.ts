/** A mark up to which a provider keeps a prompt for later calls: the API's `cache_control`, as clients of OpenAI's write it too. */
export type CacheMark = { cache_control?: unknown };

/** Of the first of the places that has one. OpenAI's own word for it does not say for how long. */
export function cacheMark(...places: readonly object[]): CacheMark {
  for (const place of places as readonly { cache_control?: unknown; prompt_cache_breakpoint?: unknown }[]) {
    if (place.cache_control) return { cache_control: place.cache_control };
    if (place.prompt_cache_breakpoint) return { cache_control: { type: "ephemeral" } };
  }
  return {};
}
