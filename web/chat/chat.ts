// The page's state and what acts on it, made once and handed down by context.

import { createContext, use } from "react";
import { type StoreApi, createStore, useStore } from "zustand";
import { type Conversation, type ConversationState, createConversation } from "../shared/conversation/conversation.ts";
import { type ConversationList, createConversationList } from "../shared/conversation/conversation-list.ts";
import type { Api } from "../shared/wire/api.ts";
import type { Session } from "../shared/wire/contract.ts";
import { messageOf } from "../shared/wire/request.ts";
import { tabChannel } from "../shared/tab-channel.ts";
import { conversationInPath, pathOf } from "./route.ts";

export interface PageState {
  session?: Session;
  sessionProblem?: string;
  /** The list as an overlay on small screens. */
  drawerOpen: boolean;
  /** The list folded away on wide screens. */
  sidebarHidden: boolean;
  /** The reader has opened or closed the notice about the model; without a choice it stands where nothing has been asked yet. */
  notice?: boolean;
  /** Why a change to the list was not made. */
  listProblem?: string;
  source?: { messageId: string; n: number };
  /** Text for the composer, with a count so that the same text can be given twice. */
  draft: { text: string; reason?: string; turn: number };
  /** What screen readers are told next. */
  announcement: string;
}

export interface Chat {
  api: Api;
  page: StoreApi<PageState>;
  conversation: Conversation;
  list: ConversationList;
  startPage(): () => void;
  /** Goes to a conversation, or without an id to a new one. */
  open(id?: string): void;
  ask(text: string): void;
  remove(id: string): Promise<void>;
  rename(id: string, title: string): Promise<void>;
  setNotice(open: boolean): void;
  setSidebarHidden(hidden: boolean): void;
  announce(text: string): void;
}

const NOTICE_KEY = "flowstead.notice-closed";
const SIDEBAR_KEY = "flowstead.sidebar-hidden";

export function createChat(api: Api): Chat {
  const page = createStore<PageState>(() => ({
    drawerOpen: false,
    sidebarHidden: recall(SIDEBAR_KEY) === "yes",
    draft: { text: "", turn: 0 },
    announcement: "",
  }));
  const list = createConversationList(api);
  const tabs = tabChannel("flowstead.conversations", (id) => {
    void list.refresh();
    if (id === conversation.store.getState().id) void conversation.refresh();
  });
  const conversation = createConversation(api, {
    onChange(id, title) {
      if (title !== undefined) list.retitle(id, title);
      void list.refresh();
      tabs.tell(id);
    },
    onReturned: (text, reason) => page.setState(({ draft }) => ({ draft: { text, reason, turn: draft.turn + 1 } })),
  });

  function show(): void {
    page.setState({ source: undefined, drawerOpen: false, listProblem: undefined });
    const id = conversationInPath();
    if (id === undefined) conversation.start(crypto.randomUUID());
    else if (id !== conversation.store.getState().id || conversation.store.getState().phase !== "ready")
      void conversation.load(id);
  }

  async function loadSession(): Promise<void> {
    try {
      const session = await api.session();
      // A notice that was closed comes back when it says something else, or when the model is another one.
      const closed = recall(NOTICE_KEY) === noticeKey(session);
      page.setState({ session, sessionProblem: undefined, ...(closed ? { notice: false } : {}) });
    } catch (error) {
      page.setState({ sessionProblem: messageOf(error) });
    }
  }

  return {
    api,
    page,
    conversation,
    list,
    startPage() {
      void loadSession();
      void list.refresh();
      show();
      const onVisible = (): void => {
        if (document.visibilityState !== "visible") return;
        void list.refresh();
        if (!page.getState().session) void loadSession();
      };
      addEventListener("popstate", show);
      document.addEventListener("visibilitychange", onVisible);
      return () => {
        removeEventListener("popstate", show);
        document.removeEventListener("visibilitychange", onVisible);
      };
    },
    open(id) {
      if (pathOf(id) !== location.pathname) history.pushState(null, "", pathOf(id));
      show();
    },
    ask(text) {
      const { id } = conversation.store.getState();
      if (page.getState().notice) page.setState({ notice: undefined });
      if (conversationInPath() !== id) history.pushState(null, "", pathOf(id));
      void conversation.ask(text);
    },
    async remove(id) {
      await list.remove(id);
      tabs.tell(id);
      if (conversationInPath() === id) this.open();
    },
    async rename(id, title) {
      const { getState, setState } = conversation.store;
      const before = getState();
      const isOpen = before.id === id;
      page.setState({ listProblem: undefined });
      if (isOpen) setState({ title });
      try {
        await list.rename(id, title);
        tabs.tell(id);
      } catch (error) {
        if (isOpen && getState().id === id) setState({ title: before.title });
        page.setState({ listProblem: `The title could not be changed. ${messageOf(error)}` });
      }
    },
    setNotice(open) {
      const { session } = page.getState();
      remember(NOTICE_KEY, open || !session ? "" : noticeKey(session));
      page.setState({ notice: open });
    },
    setSidebarHidden(hidden) {
      remember(SIDEBAR_KEY, hidden ? "yes" : "");
      page.setState({ sidebarHidden: hidden });
    },
    announce: (announcement) => page.setState({ announcement }),
  };
}

export const ChatContext = createContext<Chat | undefined>(undefined);

export function useChat(): Chat {
  const chat = use(ChatContext);
  if (!chat) throw new Error("This component stands outside of ChatContext.");
  return chat;
}

export function usePage<T>(select: (state: PageState) => T): T {
  return useStore(useChat().page, select);
}

export function useConversation<T>(select: (state: ConversationState) => T): T {
  return useStore(useChat().conversation.store, select);
}

/** What the conversation is called, or until it has a name, what was asked first. */
export function titleOf({ title, messages }: ConversationState): string {
  return title || (messages[0]?.text.slice(0, 120) ?? "");
}

function noticeKey(session: Session): string {
  return `${session.model.id}|${session.model.notice ?? ""}`;
}

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
}
