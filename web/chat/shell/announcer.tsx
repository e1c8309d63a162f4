import { useEffect, useRef } from "react";
import { useChat, useConversation, usePage } from "../chat.ts";

/** Screen readers hear that an answer began and how it ended. The text that streams is never a live region. */
export function Announcer() {
  const chat = useChat();
  const announcement = usePage((state) => state.announcement);
  const running = useConversation((state) => state.run !== undefined);
  const reconnecting = useConversation((state) => state.run?.connection === "reconnecting");
  const last = useConversation((state) => state.messages.at(-1));
  const wasRunning = useRef(false);

  useEffect(() => {
    if (running === wasRunning.current) return;
    wasRunning.current = running;
    if (running) chat.announce("Looking for an answer.");
    else if (last?.status === "complete") chat.announce(`The answer is complete${sourceCount(last.citations.length)}.`);
    else if (last?.status === "stopped") chat.announce("The answer was stopped.");
    else if (last?.error) chat.announce(`There was a problem: ${last.error}`);
  }, [chat, running, last]);
  useEffect(() => {
    if (reconnecting) chat.announce("The connection was lost. Reconnecting.");
  }, [chat, reconnecting]);

  return (
    <div className="unseen" role="status">
      {announcement}
    </div>
  );
}

function sourceCount(count: number): string {
  return count === 0 ? "" : `, with ${count} ${count === 1 ? "source" : "sources"}`;
}
