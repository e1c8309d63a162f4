import type { Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const LAST_ANSWERS_MS = 1000;

/**
 * Takes no new connections and lets idle ones go. The function returned is for when all calls are over, which they are before
 * their answers have left: it settles when the server has no connection left, or soon.
 */
export function closing(server: Server): () => Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  return () => Promise.race([closed, delay(LAST_ANSWERS_MS)]);
}
