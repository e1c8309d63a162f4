// How a node calls Python code and listens to it.

import { FlowsteadError } from "../base/error/error.ts";
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
  return {
    // Python does not wait for a slow reader: its pieces are on this side already.
    onText: (text, field) => void call.emitText(text, field),
    onLog: (stream, text) => call.log(stream, text),
    onMetric: (name, value) => call.metric(name, value),
    onTraced: (traced) => tellTraced(traced, call),
    caller: call,
  };
}

function tellTraced({ name, time, duration, inputs, output, error }: TracedCall, call: NodeCall): void {
  const running = call.began({ kind: "function", name, inputs: () => inputs });
  running.done({
    measured: { time, durationMs: duration },
    ...(output === undefined ? {} : { output: () => output }),
    ...(error === undefined ? {} : { error: new FlowsteadError("ScriptExecutionError", error).toBody() }),
  });
}
