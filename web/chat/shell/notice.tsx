import { useChat, useConversation, usePage } from "../chat.ts";
import { Icon } from "./icon.tsx";

/** Says plainly that the answers do not come from a language model, and what to do about it. */
export function Notice() {
  const chat = useChat();
  const model = usePage((state) => state.session?.model);
  const open = useNoticeOpen();
  if (!model || model.isLanguageModel || !open) return null;
  return (
    <aside className="notice" id="model-notice" aria-label="About the model">
      <Icon name="info" />
      <div className="notice-text">
        <p>
          <strong>No language model is configured.</strong>{" "}
          {model.notice ??
            "The built-in extractive model answers only with sentences that stand in the documents. It is not a language model."}
        </p>
      </div>
      <button
        type="button"
        className="icon-button"
        aria-label="Close this notice"
        onClick={() => chat.setNotice(false)}
      >
        <Icon name="close" />
      </button>
    </aside>
  );
}

export function useNoticeOpen(): boolean {
  const choice = usePage((state) => state.notice);
  const fresh = useConversation((state) => state.phase === "new" && state.messages.length === 0);
  return choice ?? fresh;
}
