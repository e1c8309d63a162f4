import { useEffect } from "react";
import { useChat } from "../chat.ts";

/** `/` goes to the question, Esc closes what is open and otherwise stops the answer. */
export function useShortcuts(): void {
  const chat = useChat();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : document.body;
      if (event.key === "/" && !target.closest("input, textarea, select, dialog")) {
        event.preventDefault();
        document.getElementById("composer")?.focus();
        return;
      }
      if (event.key !== "Escape" || target.closest("dialog")) return;
      const { source, drawerOpen } = chat.page.getState();
      const inComposer = target.id === "composer";
      const running = chat.conversation.store.getState().run !== undefined;
      if (drawerOpen) chat.page.setState({ drawerOpen: false });
      else if (source && !(inComposer && running)) chat.page.setState({ source: undefined });
      else if (running) void chat.conversation.stop();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [chat]);
}
