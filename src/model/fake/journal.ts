import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

export interface JournalEntry {
  /** From 1, in the order of arrival. */
  number: number;
  /** Milliseconds since the epoch. */
  time: number;
  method: string;
  /** With the query. */
  path: string;
  /** Without keys, tokens and cookies. */
  headers: Record<string, string>;
  /** Which kind of key came, never the key. */
  auth: "api-key" | "x-api-key" | "bearer" | "none";
  body: unknown;
  /** 0 while nothing has been answered. */
  status: number;
  /** Tokens of the answer that were written. */
  tokens: number;
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  /** `aborted`: the client went away first. `broken`: a scripted fault ended it. */
  outcome: "open" | "complete" | "aborted" | "broken";
  durationMs: number;
}

const SECRET = new Set([
  "authorization",
  "api-key",
  "cookie",
  "proxy-authorization",
  "x-api-key",
  "ocp-apim-subscription-key",
]);

/** Finer than milliseconds, so that calls of several servers can be put in order. */
const now = (): number => performance.timeOrigin + performance.now();

/** What happened, for tests in process and for `GET /__fake/journal`. */
export class Journal {
  #entries: JournalEntry[] = [];
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** The newest 10 000 requests. */
  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  begin(request: IncomingMessage, body: unknown): JournalEntry {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (!SECRET.has(name) && value !== undefined) headers[name] = String(value);
    }
    const entry: JournalEntry = {
      number: ++this.#count,
      time: now(),
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers,
      auth: authOf(request.headers),
      body,
      status: 0,
      tokens: 0,
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      outcome: "open",
      durationMs: 0,
    };
    this.#entries.push(entry);
    if (this.#entries.length > 10_000) this.#entries.splice(0, 1000);
    return entry;
  }

  end(entry: JournalEntry, outcome: JournalEntry["outcome"]): void {
    if (entry.outcome !== "open") return;
    entry.outcome = outcome;
    entry.durationMs = now() - entry.time;
    for (const check of this.#waiting) check();
  }

  /** Settles when an entry that ended fits; for tests that wait for an abort to arrive. */
  until(fits: (entry: JournalEntry) => boolean, timeoutMs = 30_000): Promise<JournalEntry> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`no such request within ${timeoutMs} ms; the journal holds ${this.#entries.length}`));
      }, timeoutMs);
      const check = (): void => {
        const found = this.#entries.find((entry) => entry.outcome !== "open" && fits(entry));
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }

  clear(): void {
    this.#entries = [];
  }
}

function authOf(headers: IncomingHttpHeaders): JournalEntry["auth"] {
  if (headers["api-key"]) return "api-key";
  if (headers["x-api-key"]) return "x-api-key";
  return headers.authorization ? "bearer" : "none";
}
