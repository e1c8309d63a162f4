import type { ModerationRoute } from "./moderation.ts";
import type { Dialect } from "./shape.ts";

export type Route =
  | { kind: "control"; name: "script" | "journal" | "reset" }
  | { kind: "chat" | "text" | "embeddings"; dialect: Dialect; deployment?: string }
  | { kind: "models"; dialect: Dialect }
  | { kind: "token"; dialect: Dialect }
  | { kind: "moderation"; name: ModerationRoute; dialect: Dialect }
  | { kind: "unknown"; dialect: Dialect };

const KINDS: Record<string, "chat" | "text" | "embeddings"> = {
  "chat/completions": "chat",
  completions: "text",
  embeddings: "embeddings",
};

/** OpenAI's paths under /v1, Azure's classic ones (which need an api-version) and Azure's under /openai/v1. */
export function parseRoute(method: string, target: string): Route {
  const url = new URL(target, "http://fake");
  const path = url.pathname.replace(/\/+$/, "");
  const control = /^\/__fake\/(script|journal|reset)$/.exec(path);
  if (control) {
    const name = control[1] as "script" | "journal" | "reset";
    if (method === (name === "journal" ? "GET" : "POST")) return { kind: "control", name };
  }
  if (path.endsWith("/oauth2/v2.0/token") || path.endsWith("/identity/oauth2/token"))
    return { kind: "token", dialect: "azure" };
  const moderation = /^(?:\/v1\/(moderations)|\/contentsafety\/(text:analyze|text:shieldPrompt))$/.exec(path);
  if (moderation && method === "POST") {
    return { kind: "moderation", name: (moderation[1] ?? moderation[2]) as ModerationRoute, dialect: "openai" };
  }
  if (path === "/v1/messages") return { kind: method === "POST" ? "chat" : "unknown", dialect: "anthropic" };
  const dialect: Dialect = path.startsWith("/openai/") ? "azure" : "openai";
  const unknown: Route = { kind: "unknown", dialect };
  const plain = /^(?:\/openai)?\/v1\/(.+)$/.exec(path);
  const classic = /^\/openai\/(?:deployments\/([^/]+)\/)?(.+)$/.exec(path);
  const rest = plain?.[1] ?? classic?.[2];
  if (rest === undefined || (!plain && !url.searchParams.has("api-version"))) return unknown;
  if (rest === "models" && method === "GET") return { kind: "models", dialect };
  const kind = KINDS[rest];
  if (!kind || method !== "POST") return unknown;
  if (plain) return { kind, dialect };
  return classic?.[1] === undefined ? unknown : { kind, dialect, deployment: decodeURIComponent(classic[1]) };
}
