import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useChat, useConversation, usePage } from "../chat.ts";
import { Icon } from "../shell/icon.tsx";
import { draftOf, keepDraft } from "./draft.ts";
import { focusComposer } from "./focus.ts";

/** One per conversation: give it the conversation's id as key. */
export function Composer() {
  const chat = useChat();
  const id = useConversation((state) => state.id);
  const running = useConversation((state) => state.run !== undefined);
  const stopping = useConversation((state) => state.run?.stopping ?? false);
  const isFollowUp = useConversation((state) => state.messages.length > 0);
  const returned = usePage((state) => state.draft);
  const [text, setText] = useState(() => draftOf(id));
  const [note, setNote] = useState<string>();
  const [turn, setTurn] = useState(returned.turn);
  const field = useRef<HTMLTextAreaElement>(null);

  if (turn !== returned.turn) {
    // A question came back: it stands in the field again, unless something else has been typed meanwhile.
    setTurn(returned.turn);
    setText(text || returned.text);
    setNote(returned.reason);
  }

  useEffect(focusComposer, []);
  useEffect(() => keepDraft(id, text), [id, text]);

  const send = (): void => {
    const question = text.trim();
    if (!question || running) return;
    setText("");
    setNote(undefined);
    keepDraft(id, "");
    chat.ask(question);
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter that ends the composition of a character does not send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {note ? (
        <p className="composer-note" role="alert">
          {note}
        </p>
      ) : null}
      <div className="composer-box">
        <textarea
          ref={field}
          id="composer"
          rows={1}
          value={text}
          aria-label="Your question"
          aria-keyshortcuts="/"
          placeholder={isFollowUp ? "Ask a follow-up" : "Ask a question"}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {running ? (
          <button
            type="button"
            className="send send-stop"
            aria-label="Stop"
            title="Stop (Esc)"
            disabled={stopping}
            onClick={(event) => {
              // It stands where Send was: the second click of a double click is meant for that.
              if (event.detail > 1) return;
              void chat.conversation.stop();
              focusComposer();
            }}
          >
            <Icon name="stop" />
          </button>
        ) : (
          <button type="submit" className="send" aria-label="Send" title="Send (Enter)" disabled={!text.trim()}>
            <Icon name="send" />
          </button>
        )}
      </div>
      <p className="composer-hint">
        <span>
          <kbd>Enter</kbd> send
        </span>
        <span>
          <kbd>Shift Enter</kbd> new line
        </span>
        <span>
          <kbd>/</kbd> focus
        </span>
        <span>
          <kbd>Esc</kbd> stop
        </span>
      </p>
    </form>
  );
}
