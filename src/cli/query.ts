// --query, as the original's command line has it: JMESPath over what a command would print.

import { search } from "@jmespath-community/jmespath";
import { FlowsteadError } from "../base/error/error.ts";

/** What the query picks out of a value; null where nothing is there. @throws FlowsteadError `UsageError`. */
export function query(value: unknown, text: string): unknown {
  try {
    return search(value as Parameters<typeof search>[0], text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FlowsteadError(
      "UsageError",
      `--query "${text}" is no JMESPath that fits here: ${why.replace(/\.+$/, "")}.`,
      { cause },
    );
  }
}
