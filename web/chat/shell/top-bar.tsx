import { titleOf, useChat, useConversation, usePage } from "../chat.ts";
import { IconButton } from "./icon-button.tsx";
import { Icon, Mark } from "./icon.tsx";
import { useNoticeOpen } from "./notice.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";
import { useMedia } from "./use-media.ts";
import { NARROW } from "./width.ts";

export function TopBar() {
  const chat = useChat();
  const narrow = useMedia(NARROW);
  const sidebarHidden = usePage((state) => state.sidebarHidden);
  const title = useConversation(titleOf);
  const fresh = useConversation((state) => state.messages.length === 0);
  const model = usePage((state) => state.session?.model);
  const noticeOpen = useNoticeOpen();
  const showBrand = narrow || sidebarHidden;
  return (
    <header className="top-bar">
      {narrow ? (
        <IconButton
          id="drawer-opener"
          icon="menu"
          label="Show conversations"
          onClick={() => chat.page.setState({ drawerOpen: true })}
        />
      ) : (
        <IconButton
          icon="panel"
          label={sidebarHidden ? "Show conversations" : "Hide conversations"}
          aria-expanded={!sidebarHidden}
          onClick={() => chat.setSidebarHidden(!sidebarHidden)}
        />
      )}
      {showBrand && !title ? (
        <span className="brand brand-small">
          <Mark />
          Flowstead
        </span>
      ) : null}
      {fresh ? <div className="top-title">{title}</div> : <h1 className="top-title">{title}</h1>}
      {model && !model.isLanguageModel ? (
        <button
          type="button"
          id="model-chip"
          className="model-chip"
          aria-expanded={noticeOpen}
          aria-controls={noticeOpen ? "model-notice" : undefined}
          aria-label="No language model: what this means"
          onClick={() => chat.setNotice(!noticeOpen)}
        >
          <Icon name="info" />
          <span>No language model</span>
        </button>
      ) : model ? (
        <span className="model-name" title={`Model: ${model.id}`}>
          {model.id}
        </span>
      ) : null}
      {showBrand ? <IconButton icon="plus" label="New chat" onClick={() => chat.open()} /> : null}
      <ThemeSwitch />
    </header>
  );
}
