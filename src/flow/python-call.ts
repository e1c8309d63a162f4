// How a node calls Python code and listens to it.

import { FlowsteadError } from "../base/error/error.ts";
import { newSpanId } from "../base/trace-context.ts";
import type { TracedCall } from "../python/message.ts";
import type { PythonCall, PythonListener } from "../python/session.ts";
import { type MessageFormat, fetchedContents, hasImage } from "./image.ts";
import type { NodeCall } from "./tool.ts";

/** What a call says of the images in its inputs. */
export function callImages(
  inputs: NodeCall["inputs"],
  format: MessageFormat,
): Pick<PythonCall, "imageFormat" | "images" | "imageContents"> {
  const images = Object.keys(inputs).filter((name) => hasImage(inputs[name], format));
  return { imageFormat: format, images, imageContents: fetchedContents(images.map((name) => inputs[name])) };
}

/** Text, logs, metrics and traced functions become the node's. */
export function nodeListener(call: NodeCall): PythonListener {
  const spans = new Map<number, string>();
  const spanOf = (number: number): string => {
    const known = spans.get(number) ?? newSpanId();
    spans.set(number, known);
    return known;
  };
  return {
    onText: (text, piece) => call.emitText(text, piece),
    onLog: (stream, text) => call.log(stream, text),
    onMetric: (name, value) => call.metric(name, value),
    onTraced: (traced) => tellTraced(traced, call, spanOf),
    caller: call,
  };
}

/** What a function calls is told before it, so both ask for its span by number. */
function tellTraced(traced: TracedCall, call: NodeCall, spanOf: (number: number) => string): void {
  const { name, path, time, duration, inputs, output, error } = traced;
  const span = spanOf(traced.span);
  const parent = traced.parent === undefined ? undefined : spanOf(traced.parent);
  const running = call.began({ kind: "function", name, path, span, parent, inputs: () => inputs });
  running.done({
    measured: { time, durationMs: duration },
    ...(output === undefined ? {} : { output: () => output }),
    ...(error === undefined ? {} : { error: new FlowsteadError("ScriptExecutionError", error).toBody() }),
  });
}
