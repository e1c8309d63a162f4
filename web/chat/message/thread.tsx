import { useLayoutEffect, useRef, useState } from "react";
import { useConversation } from "../chat.ts";
import { focusComposer } from "../composer/focus.ts";
import { Icon } from "../shell/icon.tsx";
import { Answer } from "./answer.tsx";
import { Question } from "./question.tsx";
import { useFollowEnd } from "./use-follow-end.ts";

/** How many messages stand in the page at first, and how many more each step back brings. */
const WINDOW = 60;

/** One per conversation: give it the conversation's id as key. */
export function Thread() {
  const messages = useConversation((state) => state.messages);
  const phase = useConversation((state) => state.phase);
  const connection = useConversation((state) => state.run?.connection);
  const [shown, setShown] = useState(WINDOW);
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const heightBefore = useRef<number>(undefined);
  const { atEnd, toEnd } = useFollowEnd(scroller, content);
  const questions = messages.filter((message) => message.role === "user").length;

  // A new question is always brought into view; a growing answer only for a reader who is at the end.
  useLayoutEffect(() => toEnd(), [toEnd, questions]);
  useLayoutEffect(() => {
    // Older messages come in above: what the reader looks at stays where it is.
    const element = scroller.current;
    if (element && heightBefore.current !== undefined) element.scrollTop += element.scrollHeight - heightBefore.current;
    heightBefore.current = undefined;
  }, [shown]);

  const older = Math.max(0, messages.length - shown);
  return (
    <div className="thread-frame">
      <div className="thread" ref={scroller} tabIndex={-1}>
        <div className="thread-content" ref={content} aria-busy={phase === "loading"}>
          {phase === "loading" ? <div className="thread-loading">Loading the conversation …</div> : null}
          {older > 0 ? (
            <button
              type="button"
              className="text-button older"
              onClick={() => {
                heightBefore.current = scroller.current?.scrollHeight;
                setShown((count) => count + WINDOW);
              }}
            >
              Show {Math.min(WINDOW, older)} earlier messages
            </button>
          ) : null}
          {messages
            .slice(older)
            .map((message, index, all) =>
              message.role === "user" ? (
                <Question key={message.key} message={message} />
              ) : (
                <Answer key={message.key} message={message} isLast={index === all.length - 1} />
              ),
            )}
          {connection === "reconnecting" ? <p className="reconnecting">Reconnecting …</p> : null}
        </div>
      </div>
      {atEnd ? null : (
        <button
          type="button"
          className="to-end"
          onClick={() => {
            toEnd("smooth");
            focusComposer();
          }}
        >
          <Icon name="downward" />
          Latest
        </button>
      )}
    </div>
  );
}
