import { useEffect, useRef } from "react";
import { useChat, useConversation, usePage } from "../chat.ts";
import { useMedia } from "../shell/use-media.ts";
import { ROOMY } from "../shell/width.ts";
import { SourceView } from "./source-view.tsx";

/** A passage beside the conversation, or over it where there is no room. Focus comes in, and goes back to where it was. */
export function SourcePanel() {
  const chat = useChat();
  const source = usePage((state) => state.source);
  const roomy = useMedia(ROOMY);
  const message = useConversation((state) => state.messages.find((each) => each.id === source?.messageId));
  const citation = message?.citations.find((each) => each.n === source?.n);
  const opener = useRef<HTMLElement>(undefined);
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = source !== undefined && citation !== undefined;
  const lastSource = useRef(source);

  useEffect(() => {
    if (!isOpen) return;
    lastSource.current = source;
    const active = document.activeElement;
    if (dialog.current && !dialog.current.open) dialog.current.showModal();
    // Going on to the next source inside the panel leaves the focus, and the way back, as they are.
    if (active?.closest(".source-panel, .source-sheet")) return;
    if (active instanceof HTMLElement) opener.current = active;
    document.getElementById("source-title")?.focus();
  }, [isOpen, source, roomy]);
  useEffect(() => (isOpen ? () => giveFocusBack(opener.current, lastSource.current) : undefined), [isOpen]);

  if (!isOpen || !message) return null;
  const close = (): void => chat.page.setState({ source: undefined });
  const view = <SourceView message={message} citation={citation} onClose={close} />;
  if (roomy) {
    return (
      <aside className="source-panel" aria-labelledby="source-title">
        {view}
      </aside>
    );
  }
  return (
    <dialog
      ref={dialog}
      className="source-sheet"
      aria-labelledby="source-title"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      {view}
    </dialog>
  );
}

/** To the very button, or, when the text was rendered anew meanwhile, to the one that stands in its place. */
function giveFocusBack(opener: HTMLElement | undefined, source: { messageId: string; n: number } | undefined): void {
  if (opener?.isConnected && opener !== document.body) {
    opener.focus();
    return;
  }
  if (!source) return;
  const answer = document.querySelector(`[data-message="${CSS.escape(source.messageId)}"]`);
  answer?.querySelector<HTMLElement>(`[data-cite="${source.n}"], [data-source="${source.n}"]`)?.focus();
}
