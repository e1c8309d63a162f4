import { useEffect } from "react";
import { Composer } from "./composer/composer.tsx";
import { titleOf, useChat, useConversation, usePage } from "./chat.ts";
import { Thread } from "./message/thread.tsx";
import { Announcer } from "./shell/announcer.tsx";
import { Notice } from "./shell/notice.tsx";
import { Sidebar } from "./shell/sidebar.tsx";
import { TopBar } from "./shell/top-bar.tsx";
import { useShortcuts } from "./shell/use-shortcuts.ts";
import { SourcePanel } from "./source/source-panel.tsx";
import { Problem } from "./start/problem.tsx";
import { Start } from "./start/start.tsx";

export function App() {
  const chat = useChat();
  const id = useConversation((state) => state.id);
  const phase = useConversation((state) => state.phase);
  const isEmpty = useConversation((state) => state.messages.length === 0);
  const title = useConversation(titleOf);
  const productTitle = usePage((state) => state.session?.title);
  const drawerOpen = usePage((state) => state.drawerOpen);
  const sidebarHidden = usePage((state) => state.sidebarHidden);
  useEffect(() => chat.startPage(), [chat]);
  useShortcuts();
  useEffect(() => {
    document.title = [title, productTitle ?? "Flowstead"].filter(Boolean).join(" · ");
  }, [title, productTitle]);

  const fresh = phase === "new" || (phase === "ready" && isEmpty);
  // Two neighbours with one key would leave the thread that was shown before in the page.
  return (
    <div className="app" data-sidebar={sidebarHidden ? "hidden" : "shown"} data-drawer={drawerOpen ? "open" : "closed"}>
      <a className="skip" href="#composer">
        Skip to the question field
      </a>
      <Sidebar />
      <div className="stage" inert={drawerOpen}>
        <TopBar />
        <main className="main" data-fresh={fresh || undefined}>
          {fresh ? null : <Notice />}
          {phase === "missing" || phase === "failed" ? (
            <Problem />
          ) : fresh ? (
            <Start />
          ) : (
            <Thread key={`thread of ${id}`} />
          )}
          {phase === "missing" ? null : <Composer key={`composer of ${id}`} />}
        </main>
      </div>
      <SourcePanel />
      <Announcer />
    </div>
  );
}
