// Another flow, called by Python code as a function.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import { openFlow } from "../flow/flow-target.ts";
import type { AnswerContext } from "../flow/tool.ts";
import { parseVariant } from "../flow/variant.ts";

/** Loads the flow, runs it once and gives its outputs. @throws FlowsteadError what it fails with. */
export async function* answerFlow(
  { source, inputs, variant, connections, overrides }: ValueMap,
  { resources, tools, env, signal, call }: AnswerContext,
): AsyncIterable<Value> {
  if (connections !== undefined || overrides !== undefined) {
    throw new FlowsteadError(
      "UnsupportedPythonCall",
      "A flow that is called from Python takes a variant, and no connections or overrides: write them into its files.",
    );
  }
  const flow = await openFlow({
    directory: pyStr(source ?? ""),
    tools,
    resources,
    streaming: false,
    python: { env },
    ...(variant === undefined ? {} : { variant: parseVariant(pyStr(variant)) }),
  });
  try {
    const asked = { inputs: isMap(inputs) ? inputs : {}, principal: call?.caller?.principal };
    for await (const event of flow.invoke(asked, signal)) {
      if (event.type === "flow-end") {
        call?.usage(event.usage);
        yield event.outputs;
      }
      if (event.type === "error") throw FlowsteadError.fromBody(event.error);
    }
  } finally {
    await flow.close();
  }
}
