import { useRef, useState } from "react";
import type { ChatMessage } from "../../shared/conversation/message.ts";
import { copyText } from "../../shared/copy.ts";
import type { FeedbackValue } from "../../shared/wire/contract.ts";
import { messageOf } from "../../shared/wire/request.ts";
import { useChat, useConversation } from "../chat.ts";
import { focusComposer } from "../composer/focus.ts";
import { IconButton } from "../shell/icon-button.tsx";
import { FeedbackForm } from "./feedback-form.tsx";
import { Versions } from "./versions.tsx";

export function Actions({ message, isLast }: { message: ChatMessage; isLast: boolean }) {
  const chat = useChat();
  const busy = useConversation((state) => state.run !== undefined);
  const [copied, setCopied] = useState(false);
  const [commenting, setCommenting] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [good, bad] = [useRef<HTMLButtonElement>(null), useRef<HTMLButtonElement>(null)];
  const failed = message.status === "error" || message.status === "interrupted";

  const copy = async (): Promise<void> => {
    if (!(await copyText(message.text))) {
      setProblem("This browser does not let the page copy. Select the text of the answer and copy it yourself.");
      return;
    }
    setCopied(true);
    setProblem(undefined);
    chat.announce("The answer was copied.");
    setTimeout(() => setCopied(false), 1_500);
  };
  const rate = async (wanted: 1 | -1): Promise<void> => {
    const before = message.feedback;
    const value: FeedbackValue = before === wanted ? 0 : wanted;
    chat.conversation.patch(message.id, { feedback: value });
    setCommenting(value !== 0);
    setProblem(undefined);
    try {
      await chat.api.feedback(message.id, { value });
    } catch (error) {
      chat.conversation.patch(message.id, { feedback: before });
      setCommenting(false);
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <div className="actions" role="group" aria-label="What to do with this answer">
        {message.text ? (
          <IconButton
            icon={copied ? "check" : "copy"}
            label={copied ? "Copied" : "Copy answer"}
            onClick={() => void copy()}
          />
        ) : null}
        {isLast && !failed ? (
          <IconButton
            icon="retry"
            label="Answer again"
            disabled={busy}
            onClick={() => {
              void chat.conversation.answerAgain(message.id);
              focusComposer();
            }}
          />
        ) : null}
        {failed && !message.text ? null : (
          <>
            <IconButton
              icon="up"
              label="Good answer"
              ref={good}
              aria-pressed={message.feedback === 1}
              onClick={() => void rate(1)}
            />
            <IconButton
              icon="down"
              label="Bad answer"
              ref={bad}
              aria-pressed={message.feedback === -1}
              onClick={() => void rate(-1)}
            />
          </>
        )}
        <Versions message={message} />
      </div>
      {problem ? (
        <p className="actions-problem" role="alert">
          {problem}
        </p>
      ) : null}
      {commenting && message.feedback ? (
        <FeedbackForm
          messageId={message.id}
          value={message.feedback}
          onClose={() => {
            setCommenting(false);
            (message.feedback === 1 ? good : bad).current?.focus();
          }}
        />
      ) : null}
    </>
  );
}
