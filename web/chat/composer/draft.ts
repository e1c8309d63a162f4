// A question that is not sent yet survives a reload, tab by tab.

const keyOf = (id: string): string => `flowstead.draft.${location.pathname === "/" ? "new" : id}`;

export function draftOf(id: string): string {
  try {
    return sessionStorage.getItem(keyOf(id)) ?? "";
  } catch {
    return "";
  }
}

export function keepDraft(id: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(keyOf(id), text);
    else sessionStorage.removeItem(keyOf(id));
  } catch {
    // Without storage a draft lasts as long as the page.
  }
}
