import { useState } from "react";
import type { FeedbackValue } from "../../shared/wire/contract.ts";
import { messageOf } from "../../shared/wire/request.ts";
import { useChat } from "../chat.ts";

const REASONS = ["Wrong", "Not in the sources", "Incomplete", "Hard to understand"];

export interface FeedbackFormProps {
  messageId: string;
  value: FeedbackValue;
  onClose: () => void;
}

/** More about a thumb: reasons for a bad answer, and a comment. The thumb itself is stored already. */
export function FeedbackForm({ messageId, value, onClose }: FeedbackFormProps) {
  const chat = useChat();
  const [reasons, setReasons] = useState<string[]>([]);
  const [comment, setComment] = useState("");
  const [problem, setProblem] = useState<string>();
  const send = async (): Promise<void> => {
    try {
      await chat.api.feedback(messageId, {
        value,
        ...(reasons.length > 0 ? { reasons } : {}),
        ...(comment.trim() ? { comment: comment.trim() } : {}),
      });
      chat.announce("Thank you for the feedback.");
      onClose();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <form
      className="feedback"
      aria-label="Feedback"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        onClose();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {value === -1 ? (
        <fieldset>
          <legend>What was wrong?</legend>
          {REASONS.map((reason) => (
            <label key={reason} className="reason">
              <input
                type="checkbox"
                checked={reasons.includes(reason)}
                onChange={(event) =>
                  setReasons((now) => (event.target.checked ? [...now, reason] : now.filter((each) => each !== reason)))
                }
              />
              {reason}
            </label>
          ))}
        </fieldset>
      ) : null}
      <label className="feedback-comment">
        Comment
        <textarea rows={2} value={comment} maxLength={2_000} onChange={(event) => setComment(event.target.value)} />
      </label>
      {problem ? (
        <p className="dialog-problem" role="alert">
          {problem}
        </p>
      ) : null}
      <div className="feedback-buttons">
        <button type="submit" className="button button-main">
          Send feedback
        </button>
        <button type="button" className="button" onClick={onClose}>
          Not now
        </button>
      </div>
    </form>
  );
}
