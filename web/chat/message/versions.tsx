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
  const show = async (to: string, label: string): Promise<void> => {
    setProblem(undefined);
    try {
      await chat.conversation.showBranch(to);
      requestAnimationFrame(() => focusVersion(to, label));
    } catch (error) {
      setProblem(messageOf(error));
      await chat.conversation.refresh();
    }
  };
  const step = (by: number, label: string, icon: "left" | "chevron") => {
    const to = ids[index + by];
    return (
      <IconButton
        icon={icon}
        label={label}
        disabled={busy || to === undefined}
        onClick={() => to && void show(to, label)}
      />
    );
  };
  return (
    <div
      className="versions"
      data-version={message.id}
      role="group"
      aria-label={`Versions of this ${what === "answer" ? "answer" : "question"}`}
    >
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

/** The version that is shown now has buttons of its own: the same one, or the way back at the last. */
function focusVersion(id: string, label: string): void {
  const buttons = [
    ...document.querySelectorAll<HTMLButtonElement>(`[data-version="${CSS.escape(id)}"] button:enabled`),
  ];
  (buttons.find((button) => button.ariaLabel === label) ?? buttons[0])?.focus();
}
