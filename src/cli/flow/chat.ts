// A chat flow at the terminal: questions are lines of standard input, answers come as they are written. Ctrl-C stops an
// answer, and at the prompt the chat, as Ctrl-D does. Without a terminal the lines are a script.

import { type Interface, createInterface } from "node:readline";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { AsyncQueue } from "../../base/queue.ts";
import type { Value, ValueMap } from "../../base/value.ts";
import { type ChatFlow, chatFlow } from "../../flow/chat-flow.ts";
import type { FlowTarget } from "../../flow/flow-target.ts";
import { type Console, explain } from "../console.ts";
import { withPlaces } from "./place.ts";
import { FlowLog, type RecordPlace, eventLine, testRecord, writeRecord } from "./record.ts";

export interface FlowChatOptions {
  flow: FlowTarget;
  /** The flow's path, for messages. */
  source: string;
  /** Inputs of every turn besides the question and the history; a history among them is what the chat begins with. */
  inputs: ValueMap;
  place: RecordPlace;
  /** One line of JSON with the outputs per answer, and nothing else on standard output. */
  json: boolean;
  /** Tells what the nodes did. */
  verbose: boolean;
}

/** Ends with the input. Sets the exit code 1 when an answer failed and nobody was there to see it. */
export async function flowChat(options: FlowChatOptions, console: Console): Promise<void> {
  const chat = chatFlow(options.flow.signature);
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY && !options.json;
  const reader = createInterface({
    input: process.stdin,
    terminal: isTerminal,
    output: isTerminal ? process.stdout : undefined,
  });
  const lines = new AsyncQueue<string>();
  reader.on("line", (line) => lines.push(line)).on("close", () => lines.end());
  let answering: AbortController | undefined;
  const interrupt = (): void => (answering ? answering.abort() : reader.close());
  reader.on("SIGINT", interrupt);
  process.on("SIGINT", interrupt);
  const ask = prompter(reader, isTerminal);
  try {
    greet(options, isTerminal, console);
    const history = firstHistory(options, chat);
    let trouble: string | undefined;
    ask();
    for await (const line of lines) {
      if (line.trim() !== "") {
        answering = new AbortController();
        const turn = await answer(line, { ...options, chat, history, signal: answering.signal, isTerminal }, console);
        answering = undefined;
        if (turn.outputs) history.push({ inputs: { [chat.question]: line }, outputs: turn.outputs });
        else if (!isTerminal && !turn.stopped) console.fail();
        // Said once: it will be the same for every answer.
        if (turn.trouble !== undefined && trouble === undefined) console.say(`note: ${(trouble = turn.trouble)}`);
      }
      ask();
    }
    if (isTerminal) console.say("");
  } finally {
    process.off("SIGINT", interrupt);
    reader.close();
  }
}

interface TurnOptions extends FlowChatOptions {
  chat: ChatFlow;
  history: Value[];
  signal: AbortSignal;
  isTerminal: boolean;
}

interface Turn {
  /** Absent when there was no answer. */
  outputs?: ValueMap;
  stopped: boolean;
  /** Why the files were not written. */
  trouble?: string | undefined;
}

async function answer(question: string, options: TurnOptions, console: Console): Promise<Turn> {
  const { flow, chat, history, isTerminal, json, verbose } = options;
  const inputs: ValueMap = { ...options.inputs, [chat.question]: question };
  if (chat.history !== undefined) inputs[chat.history] = [...history];
  const record = testRecord(flow);
  const log = new FlowLog();
  let shown = false;
  const show = (text: string): void => {
    if (!shown) process.stdout.write(isTerminal ? `${coloured("Bot:", 33)} ` : "Bot: ");
    shown = true;
    process.stdout.write(text);
  };
  for await (const event of flow.invoke({ inputs }, options.signal)) {
    record.add(event);
    log.add(event);
    if (event.type === "text-delta" && event.output === chat.answer && !json) show(event.text);
    const line = eventLine(event);
    if (line !== undefined && !shown && (verbose || event.type !== "node-end")) console.say(line);
  }
  const { outputs, error } = record;
  if (outputs && json) console.print(stringifyJson(outputs));
  else if (outputs && !shown) show(asText(outputs[chat.answer] ?? null));
  if (shown) process.stdout.write("\n");
  const stopped = error?.code === "Canceled";
  if (stopped) console.say("Stopped; this answer is not part of the conversation.");
  else if (error) console.say(`Error: ${explain(withPlaces(FlowsteadError.fromBody(error), options.source))}`);
  const trouble = await writeRecord(options.place, record, log);
  return { ...(outputs ? { outputs } : {}), stopped, trouble };
}

/** A speaker's name, in a colour where the terminal and the person want some: NO_COLOR and TERM=dumb say not. */
function coloured(name: string, colour: 32 | 33): string {
  const { NO_COLOR: none = "", TERM: kind } = process.env;
  return none !== "" || kind === "dumb" ? name : `\u001b[${colour}m${name}\u001b[0m`;
}

function prompter(reader: Interface, isTerminal: boolean): () => void {
  reader.setPrompt(`${coloured("User:", 32)} `);
  let open = true;
  reader.on("close", () => (open = false));
  return () => {
    if (isTerminal && open) reader.prompt();
  };
}

function greet({ flow }: FlowChatOptions, isTerminal: boolean, console: Console): void {
  if (!isTerminal) return;
  console.say(`Chat with ${flow.signature.name}. Enter sends a line, Ctrl-C stops an answer, Ctrl-D ends the chat.`);
}

function firstHistory({ flow, inputs }: FlowChatOptions, chat: ChatFlow): Value[] {
  if (chat.history === undefined) return [];
  const given = inputs[chat.history] ?? flow.signature.inputs.find(({ name }) => name === chat.history)?.default;
  return Array.isArray(given) ? [...(given as Value[])] : [];
}

function asText(value: Value): string {
  return typeof value === "string" ? value : stringifyJson(value, 2);
}
