import { useEffect, useRef, useState } from "react";
import type { ConversationSummary } from "../../shared/wire/contract.ts";
import { messageOf } from "../../shared/wire/request.ts";
import { useChat } from "../chat.ts";

/** Asks before it deletes. Shown as long as it is mounted; closing it gives the focus back to where it was. */
export function DeleteDialog({ conversation, onClose }: { conversation: ConversationSummary; onClose: () => void }) {
  const chat = useChat();
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  const remove = async (): Promise<void> => {
    try {
      await chat.remove(conversation.id);
      chat.announce("The conversation was deleted.");
      dialog.current?.close();
      document.getElementById("composer")?.focus();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="delete-title" onClose={onClose}>
      <h2 id="delete-title">Delete this conversation?</h2>
      <p>
        <strong>{conversation.title || "Untitled"}</strong> and all its answers will be removed for good.
      </p>
      {problem ? (
        <p className="dialog-problem" role="alert">
          {problem}
        </p>
      ) : null}
      <div className="dialog-buttons">
        <button type="button" className="button" autoFocus onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button type="button" className="button button-danger" onClick={() => void remove()}>
          Delete
        </button>
      </div>
    </dialog>
  );
}
