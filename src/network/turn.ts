// What is to be sent leaves at the end of the turn of the event loop, when everything that had arrived has been dealt with.
// A write wakes up whoever reads it. Of a turn's worth of writes, one behind the other, the first alone does, and at 50
// calls at once that is a fifth of what a call costs; with a single call at hand the end of the turn is now.
//
// That is for calls that take little. Where there is much to do between one write and the next, as in a turn of a chat, the
// first would wait for the work of all others: then each leaves as soon as its own event has been dealt with.

import type { Socket } from "node:net";

export interface Leaving {
  leave(): void;
}

/** Work for each write, above which it is not worth waiting for others. */
const MUCH_MS = 0.5;
/** Writes that then leave by themselves, until it is tried again. */
const ALONE = 64;

let waiting: Leaving[] = [];
let waitingSince = 0;
let alone = 0;

export function leaveWithTurn(one: Leaving): void {
  if (waiting.length === 0) {
    waitingSince = performance.now();
    if (alone === 0) setImmediate(leaveTogether);
    else process.nextTick(leaveNow);
  }
  if (alone > 0) alone--;
  waiting.push(one);
}

function leaveTogether(): void {
  const count = waiting.length;
  if (performance.now() - waitingSince > count * MUCH_MS) alone = ALONE;
  leaveNow();
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
