import { useState } from "react";
import type { ChatMessage } from "../../shared/conversation/message.ts";
import { messageOf } from "../../shared/wire/request.ts";
import { useChat, useConversation } from "../chat.ts";
import { IconButton } from "../shell/icon-button.tsx";

/** Leads to the other answers to a question, or to its other wordings. */
export function Versions({ message }: { message: ChatMessage }) {
  const chat = useChat();
  const busy = useConversation((state) => state.run !== undefined);
  const [problem, setProblem] = useState<string>();
  if (!message.siblings) return null;
  const { index, ids } = message.siblings;
  const what = message.role === "user" ? "wording" : "answer";
  const show = async (to: string): Promise<void> => {
    setProblem(undefined);
    try {
      await chat.conversation.showBranch(to);
    } catch (error) {
      setProblem(messageOf(error));
      await chat.conversation.refresh();
    }
  };
  const step = (by: number, label: string, icon: "left" | "chevron") => {
    const to = ids[index + by];
    return (
      <IconButton icon={icon} label={label} disabled={busy || to === undefined} onClick={() => to && void show(to)} />
    );
  };
  return (
    <div className="versions" role="group" aria-label={`Versions of this ${what === "answer" ? "answer" : "question"}`}>
      {step(-1, `Previous ${what}`, "left")}
      <span>
        {index + 1} / {ids.length}
      </span>
      {step(1, `Next ${what}`, "chevron")}
      {problem ? (
        <span className="versions-problem" role="alert">
          {problem}
        </span>
      ) : null}
    </div>
  );
}
