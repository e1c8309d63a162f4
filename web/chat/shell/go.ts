import type { MouseEvent } from "react";

/** Follows a link inside the page, unless the reader asked for a new tab or window. */
export function go(event: MouseEvent, follow: () => void): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  follow();
}
