// The list of conversations: pages, search, and changes made here or in another tab.

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Api } from "../wire/api.ts";
import type { ConversationSummary } from "../wire/contract.ts";

interface ConversationListState {
  items: ConversationSummary[];
  query: string;
  next?: string;
  phase: "loading" | "ready" | "failed";
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

export function createConversationList(api: Api): ConversationList {
  const store = createStore<ConversationListState>(() => ({ items: [], query: "", phase: "loading" }));
  const { getState, setState } = store;
  let latest = 0;

  async function refresh(): Promise<void> {
    const mine = ++latest;
    const { query, items } = getState();
    try {
      const page = await api.conversations({ q: query, limit: Math.min(100, Math.max(40, items.length)) });
      if (mine === latest) setState({ items: page.items, next: page.next ?? undefined, phase: "ready" });
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
      const { next, query } = getState();
      if (!next) return;
      const mine = ++latest;
      const page = await api.conversations({ q: query, cursor: next }).catch(() => undefined);
      if (mine !== latest || !page) return;
      const known = new Set(getState().items.map((item) => item.id));
      const fresh = page.items.filter((item) => !known.has(item.id));
      setState(({ items }) => ({ items: [...items, ...fresh], next: page.next ?? undefined }));
    },
    async search(query) {
      setState({ query });
      await refresh();
    },
    async rename(id, title) {
      retitle(id, title);
      await api.rename(id, title).finally(refresh);
    },
    async remove(id) {
      await api.remove(id);
      setState(({ items }) => ({ items: items.filter((item) => item.id !== id) }));
    },
  };
}
