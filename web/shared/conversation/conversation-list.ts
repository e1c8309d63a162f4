// The list of conversations: pages, search, and changes made here or in another tab.

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Api } from "../wire/api.ts";
import type { ConversationSummary } from "../wire/contract.ts";

interface ConversationListState {
  items: ConversationSummary[];
  query: string;
  next?: string;
  phase: "loading" | "ready" | "failed";
  /** The older ones that were asked for could not be loaded. */
  olderFailed?: boolean;
}

export interface ConversationList {
  store: StoreApi<ConversationListState>;
  /** Loads the first page anew; what stands there stays until the answer comes. */
  refresh(): Promise<void>;
  more(): Promise<void>;
  search(query: string): Promise<void>;
  rename(id: string, title: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Shows a title that the server has just told. */
  retitle(id: string, title: string): void;
}

/** How many come at first, and with each step back. */
const STEP = 40;
/** The server hands out no more at once. */
const LARGEST_PAGE = 100;

export function createConversationList(api: Api): ConversationList {
  const store = createStore<ConversationListState>(() => ({ items: [], query: "", phase: "loading" }));
  const { getState, setState } = store;
  let latest = 0;
  /** How far back the reader has gone; a list that is loaded anew reaches as far. */
  let wanted = STEP;

  async function refresh(): Promise<void> {
    const mine = ++latest;
    const { query } = getState();
    const items: ConversationSummary[] = [];
    let next: string | undefined;
    try {
      do {
        const limit = Math.min(LARGEST_PAGE, wanted - items.length);
        const page = await api.conversations({ q: query, cursor: next, limit });
        items.push(...page.items);
        next = page.next ?? undefined;
      } while (next !== undefined && items.length < wanted && mine === latest);
      if (mine === latest) setState({ items, next, phase: "ready", olderFailed: undefined });
    } catch {
      if (mine === latest) setState({ phase: "failed" });
    }
  }

  const retitle = (id: string, title: string): void =>
    setState(({ items }) => ({ items: items.map((item) => (item.id === id ? { ...item, title } : item)) }));

  return {
    store,
    refresh,
    retitle,
    async more() {
      const { next, query, items } = getState();
      if (!next) return;
      wanted = items.length + STEP;
      const before = latest;
      const page = await api.conversations({ q: query, cursor: next, limit: STEP }).catch(() => undefined);
      // A list that was loaded anew meanwhile has these too.
      if (before !== latest) return;
      if (!page) return setState({ olderFailed: true });
      const known = new Set(getState().items.map((item) => item.id));
      const fresh = page.items.filter((item) => !known.has(item.id));
      setState((now) => ({ items: [...now.items, ...fresh], next: page.next ?? undefined, olderFailed: undefined }));
    },
    async search(query) {
      wanted = STEP;
      setState({ query });
      await refresh();
    },
    async rename(id, title) {
      const before = getState().items.find((item) => item.id === id)?.title ?? "";
      retitle(id, title);
      try {
        await api.rename(id, title);
        await refresh();
      } catch (error) {
        retitle(id, before);
        throw error;
      }
    },
    async remove(id) {
      await api.remove(id);
      setState(({ items }) => ({ items: items.filter((item) => item.id !== id) }));
    },
  };
}
