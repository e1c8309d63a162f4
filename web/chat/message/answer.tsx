import { memo, useMemo } from "react";
import type { ChatMessage } from "../../shared/conversation/message.ts";
import { useChat } from "../chat.ts";
import { focusComposer } from "../composer/focus.ts";
import { Icon } from "../shell/icon.tsx";
import { Actions } from "./actions.tsx";
import { Markdown } from "./markdown.tsx";
import { Sources } from "./sources.tsx";
import { Steps } from "./steps.tsx";

export const Answer = memo(function Answer({ message, isLast }: { message: ChatMessage; isLast: boolean }) {
  const titles = useMemo(() => new Map(message.citations.map(({ n, title }) => [n, title])), [message.citations]);
  const running = message.status === "running";
  const empty = message.text === "";
  return (
    <article className="answer" aria-label="Answer" data-message={message.id} data-status={message.status}>
      <Steps nodes={message.nodes} running={running} durationMs={message.durationMs} />
      {running && empty && message.nodes.length === 0 ? (
        <p className="waiting">
          <span className="waiting-dots" aria-hidden="true" />
          Sending the question
        </p>
      ) : null}
      {empty ? null : <Markdown text={message.text} titles={titles} open={running} messageId={message.id} />}
      <Ending message={message} />
      {message.citations.length > 0 && !running ? <Sources message={message} /> : null}
      {running ? null : <Actions message={message} isLast={isLast} />}
    </article>
  );
});

function Ending({ message }: { message: ChatMessage }) {
  const chat = useChat();
  const { status, error } = message;
  if (status === "stopped") return <p className="ending">Stopped</p>;
  const short = status === "complete" ? shortfall(message) : undefined;
  if (short !== undefined) return <p className="ending">{short}</p>;
  if (status !== "error" && status !== "interrupted") return null;
  const text =
    error ??
    (status === "interrupted" ? "The answer was interrupted before it was complete." : "Something went wrong.");
  return (
    <div className="failure">
      <Icon name="warning" />
      <p>{text}</p>
      <button
        type="button"
        className="button"
        onClick={() => {
          void chat.conversation.answerAgain(message.id);
          focusComposer();
        }}
      >
        <Icon name="retry" />
        Retry
      </button>
    </div>
  );
}

/** Why an answer is less than what was asked for, though nothing failed. */
function shortfall({ nodes, text }: ChatMessage): string | undefined {
  const why = nodes.findLast(({ kind, cutShort }) => kind === "llm" || cutShort !== undefined)?.cutShort;
  if (why === "content_filter") return "A content filter ended this answer";
  if (why === "length") return text === "" ? "No answer within the limit of length" : "Cut off at the limit of length";
  return text === "" ? "The answer is empty" : undefined;
}
