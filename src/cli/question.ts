// Asks a person at the terminal. What is secret is not shown while it is typed or pasted.

import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { FlowsteadError } from "../base/error/error.ts";

export interface Question {
  label: string;
  isSecret: boolean;
}

/** The answers in the questions' order, none of them empty. @throws FlowsteadError `Canceled` at Ctrl-C and Ctrl-D. */
export async function askAtTerminal(questions: readonly Question[]): Promise<string[]> {
  let isHidden = false;
  const output = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (!isHidden) process.stderr.write(chunk);
      done();
    },
  });
  // As for a terminal, though its output is none: it then takes the typing, which else the terminal itself would show.
  const dialog = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  let isInterrupted = false;
  dialog.once("SIGINT", () => {
    isInterrupted = true;
    dialog.close();
  });
  const lines = dialog[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const { label, isSecret } of questions) {
      isHidden = isSecret;
      if (isHidden) process.stderr.write(label);
      dialog.setPrompt(label);
      dialog.prompt();
      let answer = "";
      while (answer === "") {
        const { value, done } = await lines.next();
        if (isHidden || done) process.stderr.write("\n");
        if (done) throw canceled(isInterrupted);
        answer = value.trim();
        if (answer === "") process.stderr.write(`It cannot be empty.\n${label}`);
      }
      answers.push(answer);
    }
    return answers;
  } finally {
    dialog.close();
  }
}

function canceled(isInterrupted: boolean): FlowsteadError {
  const message = "Nothing was stored: the questions were not answered.";
  return new FlowsteadError("Canceled", message, isInterrupted ? { details: { signal: "SIGINT" } } : {});
}
