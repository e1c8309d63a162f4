import "../shared/style/index.css";
import "./chat.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { api } from "../shared/wire/api.ts";
import { App } from "./app.tsx";
import { ChatContext, createChat } from "./chat.ts";

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root.");

createRoot(root).render(
  <StrictMode>
    <ChatContext value={createChat(api)}>
      <App />
    </ChatContext>
  </StrictMode>,
);
