import type { Socket } from "node:net";

/** What is written until all is done that the event at hand has set off leaves together. */
export function corkForNow(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(uncork, socket);
}

function uncork(socket: Socket): void {
  socket.uncork();
}
