// What cannot be seen from an example's files: which data it wants, what a model has to say so that its nodes go on, and
// which examples need a service that costs money or hardware that is not there.

import type { ValueMap } from "../../src/base/value.ts";
import type { FakeScript } from "../../src/model/fake/script.ts";

export interface Facts {
  /** Why it is not run. */
  needs?: string;
  /** Runs over this file, as a batch; inputs are its columns of the same names, or as mapped. */
  data?: string;
  mapping?: Record<string, string>;
  /** Runs once with these inputs; without them the sample or the first row beside the flow, or the flow's defaults. */
  inputs?: ValueMap;
  /** Constructor values of a class. */
  init?: ValueMap;
  env?: Record<string, string>;
  /** Answers of the fake model; else it says the last message. */
  replies?: NonNullable<FakeScript["replies"]>;
}

const MODEL = { model_config: { connection: "open_ai_connection", azure_deployment: "gpt-4o" } };
const EVALUATION = "examples/flows/evaluation";
const STANDARD = "examples/flows/standard";

export const FACTS: Readonly<Record<string, Facts>> = {
  [`${EVALUATION}/eval-basic`]: { data: "data.jsonl" },
  "examples/flex-flows/chat-async-stream": { init: MODEL },
  "examples/flex-flows/chat-basic": { init: MODEL },
  "examples/flex-flows/chat-stream": { init: MODEL },
  [`${STANDARD}/basic`]: {},
};
