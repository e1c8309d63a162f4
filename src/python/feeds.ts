// The texts that come while the code of one process reads them. The code pulls: what it does not read is not sent, and when
// it stops reading it says so. python/flowstead_worker/feed.py is the other side.

import { type Fault, faultOf } from "./question.ts";
import type { TextFeed } from "./text-feed.ts";

export type FeedReply =
  | { t: "fed"; feed: number; pieces: string[]; done: boolean }
  | ({ t: "starved"; feed: number } & Fault);

export class Feeds {
  readonly #numbers = new Map<TextFeed, number>();
  readonly #feeds = new Map<number, TextFeed>();
  readonly #send: (reply: FeedReply) => void;
  #next = 1;

  constructor(send: (reply: FeedReply) => void) {
    this.#send = send;
  }

  /** What the process calls it. */
  number(feed: TextFeed): number {
    let number = this.#numbers.get(feed);
    if (number === undefined) {
      number = this.#next++;
      this.#numbers.set(feed, number);
      this.#feeds.set(number, feed);
    }
    return number;
  }

  /** The code wants what comes next. */
  async pull(number: number): Promise<void> {
    try {
      const feed = this.#feeds.get(number);
      this.#send({ t: "fed", feed: number, ...(feed ? await feed.pull() : { pieces: [], done: true }) });
    } catch (thrown) {
      this.#send({ t: "starved", feed: number, ...faultOf(thrown) });
    }
  }

  /** The code reads no further. */
  left(number: number): void {
    this.#feeds.get(number)?.leave();
  }

  /** The run that it belongs to has ended. */
  forget(feed: TextFeed): void {
    const number = this.#numbers.get(feed);
    if (number === undefined) return;
    this.#numbers.delete(feed);
    this.#feeds.delete(number);
    feed.leave();
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.leave();
  }
}
