import { Fragment } from "react";
import { noticeText, withSettings } from "../../shared/format/notice.ts";
import { useChat, useConversation, usePage } from "../chat.ts";
import { IconButton } from "./icon-button.tsx";

const OWN_WORDS =
  "Answers come from the built-in extractive model. It is not a language model: it quotes sentences of the documents and writes nothing of its own.";

/** Says plainly that the answers do not come from a language model, and what to do about it. */
export function Notice() {
  const chat = useChat();
  const model = usePage((state) => state.session?.model);
  const open = useNoticeOpen();
  if (!model || model.isLanguageModel || !open) return null;
  const close = (): void => {
    chat.setNotice(false);
    // What opens it again.
    document.getElementById("model-chip")?.focus();
  };
  const { lead, rest, remedy } = noticeText(model.notice ?? OWN_WORDS);
  return (
    <aside className="notice" id="model-notice" aria-label="About the model">
      <div className="notice-text">
        <p>
          <strong>{lead}</strong> {rest}
        </p>
        {remedy ? (
          <p>
            {withSettings(remedy).map(({ text, isSetting }, at) =>
              isSetting ? <code key={at}>{text}</code> : <Fragment key={at}>{text}</Fragment>,
            )}
          </p>
        ) : null}
      </div>
      <IconButton icon="close" label="Close this notice" onClick={close} />
    </aside>
  );
}

export function useNoticeOpen(): boolean {
  const choice = usePage((state) => state.notice);
  const fresh = useConversation((state) => state.phase === "new" && state.messages.length === 0);
  return choice ?? fresh;
}
