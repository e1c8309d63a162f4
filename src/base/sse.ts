// Server-sent events, both ways.

export interface SseMessage {
  event?: string;
  id?: string;
  data: string;
}

/** One `data:` frame with a JSON payload that holds no newline. */
export function sseData(json: string): string {
  return `data: ${json}\n\n`;
}

/**
 * Splits a byte stream into messages as the HTML standard says: CR, LF or CRLF, comments left out, several `data:` lines joined.
 * A last message without its blank line is dropped, since it may be cut off.
 */
export class SseParser {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #message: { event?: string; id?: string; data: string[] } = { data: [] };

  push(chunk: Uint8Array): SseMessage[] {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const out: SseMessage[] = [];
    // Hardly any server sends them, and without them a line ends where a search for one character says.
    const hasReturns = this.#rest.includes("\r");
    let from = 0;
    for (;;) {
      const end = hasReturns ? this.#lineEnd(from) : this.#newline(from);
      if (end === undefined) break;
      const message = this.#line(this.#rest.slice(from, end.at));
      if (message) out.push(message);
      from = end.next;
    }
    if (from > 0) this.#rest = this.#rest.slice(from);
    return out;
  }

  #newline(from: number): { at: number; next: number } | undefined {
    const at = this.#rest.indexOf("\n", from);
    return at < 0 ? undefined : { at, next: at + 1 };
  }

  #lineEnd(from: number): { at: number; next: number } | undefined {
    const text = this.#rest;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 10) return { at, next: at + 1 };
      if (code === 13) {
        // A CR at the very end may be the first half of CRLF: wait for more.
        if (at + 1 === text.length) return undefined;
        return { at, next: text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
      }
    }
    return undefined;
  }

  #line(line: string): SseMessage | undefined {
    if (line === "") {
      const { data, ...rest } = this.#message;
      this.#message = { data: [] };
      return data.length > 0 ? { ...rest, data: data.join("\n") } : undefined;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#message.data.push(value);
    else if (field === "event") this.#message.event = value;
    else if (field === "id") this.#message.id = value;
    return undefined;
  }
}
