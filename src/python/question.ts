// What Python code asks of the engine while it runs: a model's reply, a connection, another flow.

import { FlowsteadError } from "../base/error/error.ts";
import type { Value, ValueMap } from "../base/value.ts";

export interface PythonQuestion {
  kind: string;
  value: ValueMap;
}

export interface QuestionContext {
  /** Fires when the code that asked does not wait any more. */
  signal: AbortSignal;
  /** Who called the code, as the caller gave it in `PythonListener.caller`; nobody while files are loaded. */
  caller: unknown;
}

/**
 * Gives the answer, in one piece or in several.
 * @throws FlowsteadError, of which `details.type` names the exception and `details.chain` its place in the original's hierarchy.
 */
export type AnswerQuestion = (question: PythonQuestion, context: QuestionContext) => AsyncIterable<Value>;

export type Reply =
  | { t: "answer"; ask: number; value: Value }
  | { t: "answered"; ask: number }
  | ({ t: "refused"; ask: number } & Fault);

/** What code is told of a failure of the engine's. */
export interface Fault {
  /** Class of the exception. */
  code: string;
  message: string;
  chain: string;
}

export function faultOf(thrown: unknown): Fault {
  const { code, message, details } = FlowsteadError.from(thrown);
  const chain = typeof details?.["chain"] === "string" ? details["chain"] : `SystemError/${code}`;
  return { code: typeof details?.["type"] === "string" ? details["type"] : code, message, chain };
}

interface Asked {
  ask: number;
  /** The call whose code asks; 0 while files are loaded. */
  id: number;
}

/** The open questions of one process. */
export class Questions {
  readonly #open = new Map<number, { call: number; abort: AbortController }>();
  readonly #answer: AnswerQuestion | undefined;
  readonly #send: (reply: Reply) => void;

  constructor(answer: AnswerQuestion | undefined, send: (reply: Reply) => void) {
    this.#answer = answer;
    this.#send = send;
  }

  async answer({ ask, id }: Asked, question: PythonQuestion, caller: unknown): Promise<void> {
    const abort = new AbortController();
    this.#open.set(ask, { call: id, abort });
    try {
      if (!this.#answer) throw new FlowsteadError("UnsupportedPythonCall", `Nothing here answers '${question.kind}'.`);
      const answers = this.#answer(question, { signal: abort.signal, caller });
      for await (const value of answers) this.#send({ t: "answer", ask, value });
      this.#send({ t: "answered", ask });
    } catch (thrown) {
      this.#send({ t: "refused", ask, ...faultOf(thrown) });
    } finally {
      this.#open.delete(ask);
    }
  }

  /** The code that asked does not wait any more. */
  forget(ask: number): void {
    this.#open.get(ask)?.abort.abort();
  }

  /** Ends what a call has asked. */
  cancelCall(call: number): void {
    for (const open of this.#open.values()) if (open.call === call) open.abort.abort();
  }

  close(): void {
    for (const { abort } of this.#open.values()) abort.abort();
  }
}
