import { Fragment, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { dayGroup } from "../../shared/format/time.ts";
import type { ConversationSummary } from "../../shared/wire/contract.ts";
import { useChat, useConversation, usePage } from "../chat.ts";
import { ConversationRow } from "./conversation-row.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { go } from "./go.ts";
import { IconButton } from "./icon-button.tsx";
import { Icon, Mark } from "./icon.tsx";
import { useMedia } from "./use-media.ts";
import { NARROW } from "./width.ts";

export function Sidebar() {
  const chat = useChat();
  const narrow = useMedia(NARROW);
  const drawerOpen = usePage((state) => state.drawerOpen);
  const sidebarHidden = usePage((state) => state.sidebarHidden);
  const user = usePage((state) => state.session?.user.name);
  const shown = narrow ? drawerOpen : !sidebarHidden;
  const [deleting, setDeleting] = useState<ConversationSummary>();
  const closeButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!drawerOpen) return undefined;
    closeButton.current?.focus();
    return () => document.getElementById("drawer-opener")?.focus();
  }, [drawerOpen]);
  return (
    <>
      <div className="scrim" onClick={() => chat.page.setState({ drawerOpen: false })} />
      <nav className="sidebar" aria-label="Conversations" inert={!shown}>
        <div className="sidebar-head">
          <a className="brand" href="/" onClick={(event) => go(event, () => chat.open())}>
            <Mark />
            Flowstead
          </a>
          {narrow ? (
            <IconButton
              ref={closeButton}
              icon="close"
              label="Close conversations"
              onClick={() => chat.page.setState({ drawerOpen: false })}
            />
          ) : null}
        </div>
        <button type="button" className="new-chat" onClick={() => chat.open()}>
          <Icon name="plus" />
          New chat
        </button>
        <Search />
        <Rows onDelete={setDeleting} />
        {user ? <div className="sidebar-foot">{user}</div> : null}
      </nav>
      {deleting ? <DeleteDialog conversation={deleting} onClose={() => setDeleting(undefined)} /> : null}
    </>
  );
}

function Search() {
  const chat = useChat();
  const [text, setText] = useState("");
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    const timer = setTimeout(() => void chat.list.search(text.trim()), 180);
    return () => clearTimeout(timer);
  }, [chat, text]);
  return (
    <label className="search">
      <Icon name="search" />
      <input
        type="search"
        placeholder="Search titles"
        aria-label="Search conversations by title"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </label>
  );
}

function Rows({ onDelete }: { onDelete: (conversation: ConversationSummary) => void }) {
  const chat = useChat();
  const { items, next, phase, query, olderFailed } = useStore(chat.list.store);
  const problem = usePage((state) => state.listProblem);
  const openId = useConversation((state) => (state.phase === "new" ? undefined : state.id));
  const failure =
    phase === "failed" ? (
      <p className="rows-note">
        The list could not be loaded.{" "}
        <button type="button" className="text-button" onClick={() => void chat.list.refresh()}>
          Try again
        </button>
      </p>
    ) : null;
  if (items.length === 0) {
    if (failure || phase === "loading") return failure ?? <div className="rows" />;
    return <p className="rows-note">{query ? "No title contains this." : "Your conversations will stand here."}</p>;
  }
  return (
    <div className="rows">
      {failure}
      {problem ? (
        <p className="rows-note rows-problem" role="alert">
          {problem}
        </p>
      ) : null}
      {groups(items).map(([day, group]) => (
        <Fragment key={day}>
          <h2>{day}</h2>
          <ul>
            {group.map((item) => (
              <ConversationRow key={item.id} item={item} isOpen={item.id === openId} onDelete={onDelete} />
            ))}
          </ul>
        </Fragment>
      ))}
      {olderFailed ? (
        <p className="rows-note rows-problem" role="alert">
          Older conversations could not be loaded.
        </p>
      ) : null}
      {next ? (
        <button type="button" className="text-button rows-more" onClick={() => void chat.list.more()}>
          {olderFailed ? "Try again" : "Show older"}
        </button>
      ) : null}
    </div>
  );
}

function groups(items: ConversationSummary[]): [string, ConversationSummary[]][] {
  const found = new Map<string, ConversationSummary[]>();
  for (const item of items) {
    const day = dayGroup(item.updatedAt);
    const group = found.get(day);
    if (group) group.push(item);
    else found.set(day, [item]);
  }
  return [...found];
}
