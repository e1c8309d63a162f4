import { useChat, useConversation } from "../chat.ts";

/** Stands where a conversation should be. */
export function Problem() {
  const chat = useChat();
  const { id, phase, problem } = useConversation((state) => state);
  const missing = phase === "missing";
  return (
    <section className="start">
      <h1>{missing ? "This conversation does not exist" : "The conversation could not be loaded"}</h1>
      <p className="start-line">{missing ? "It may have been deleted, or it belongs to somebody else." : problem}</p>
      {missing ? (
        <button type="button" className="button" onClick={() => chat.open()}>
          Start a new chat
        </button>
      ) : (
        <button type="button" className="button" onClick={() => void chat.conversation.load(id)}>
          Try again
        </button>
      )}
    </section>
  );
}
