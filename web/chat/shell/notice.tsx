import { useChat, usePage } from "../chat.ts";
import { Icon } from "./icon.tsx";

/** Says plainly that the answers do not come from a language model, and what to do about it. */
export function Notice() {
  const chat = useChat();
  const model = usePage((state) => state.session?.model);
  const open = usePage((state) => state.noticeOpen);
  if (!model || model.isLanguageModel || !open) return null;
  return (
    <aside className="notice" id="model-notice" aria-label="About the model">
      <Icon name="info" />
      <div className="notice-text">
        <p>
          <strong>The built-in extractive model is not a language model.</strong> It answers only with sentences that
          stand in the documents.
        </p>
        {model.notice ? <p className="notice-more">{model.notice}</p> : null}
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
