import { type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import type { ChatMessage } from "../../shared/conversation/message.ts";
import { isDense } from "../../shared/format/dense.ts";
import { useChat, useConversation } from "../chat.ts";
import { Icon } from "../shell/icon.tsx";
import { Versions } from "./versions.tsx";

export const Question = memo(function Question({ message }: { message: ChatMessage }) {
  const chat = useChat();
  const busy = useConversation((state) => state.run !== undefined);
  const [editing, setEditing] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !editing) editButton.current?.focus();
    wasEditing.current = editing;
  }, [editing]);
  if (editing && !busy) {
    return (
      <EditForm
        text={message.text}
        onDone={(text) => {
          setEditing(false);
          if (text && text !== message.text) {
            void chat.conversation.edit(message.id, text);
            document.getElementById("composer")?.focus();
          }
        }}
      />
    );
  }
  return (
    <article className="asked" aria-label="You asked">
      <div className="question" dir="auto" data-dense={isDense(message.text) || undefined}>
        {message.text}
      </div>
      <div className="asked-actions">
        <Versions message={message} />
        <button
          ref={editButton}
          type="button"
          className="icon-button asked-edit"
          aria-label="Edit question"
          title="Edit question"
          disabled={busy}
          onClick={() => setEditing(true)}
        >
          <Icon name="pencil" />
        </button>
      </div>
    </article>
  );
});

function EditForm({ text, onDone }: { text: string; onDone: (text?: string) => void }) {
  const [value, setValue] = useState(text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, [text]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") onDone();
    else if (event.key === "Enter" && !event.shiftKey) onDone(value.trim());
    else return;
    event.preventDefault();
  };
  return (
    <form
      className="edit"
      aria-label="Edit question"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(value.trim());
      }}
    >
      <textarea
        ref={field}
        aria-label="Question in other words"
        value={value}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="edit-buttons">
        <button type="button" className="button" onClick={() => onDone()}>
          Cancel
        </button>
        <button type="submit" className="button button-main">
          Ask again
        </button>
      </div>
    </form>
  );
}
