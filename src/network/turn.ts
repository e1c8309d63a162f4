// What is to be sent leaves at the end of the turn of the event loop, when everything that had arrived has been dealt with.
// A write wakes up whoever reads it. Of a turn's worth of writes, one behind the other, the first alone does, and at 50
// calls at once that is a fifth of what a call costs; with a single call at hand the end of the turn is now.

import type { Socket } from "node:net";

export interface Leaving {
  leave(): void;
}

let waiting: Leaving[] = [];

export function leaveWithTurn(one: Leaving): void {
  if (waiting.length === 0) setImmediate(leaveNow);
  waiting.push(one);
}

/** Before connections are closed, or the process ends, in this turn. */
export function leaveNow(): void {
  const all = waiting;
  waiting = [];
  for (const one of all) one.leave();
}

/** What is written to the socket in this turn leaves together. */
export function corkForTurn(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  leaveWithTurn(new Uncorking(socket));
}

class Uncorking implements Leaving {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  leave(): void {
    this.#socket.uncork();
  }
}
