import { FlowsteadError } from "../base/error/error.ts";
import type { FlowSignature } from "../flow/target.ts";

/** `found`: a stream if the flow turns out to give one, else JSON; `found-stream`: else an error. */
export type ScoreFormat = "json" | "event-stream" | "found" | "found-stream";

const JSON_TYPES = new Set(["application/json", "application/*", "*/*"]);

/**
 * How to answer a call of `/score`: a stream only when the caller names `text/event-stream` and the flow has a streamed output.
 * @param hidden outputs that are not answered
 * @throws FlowsteadError `NotAcceptable`, `MultipleStreamOutputFieldsNotSupported`.
 */
export function scoreFormat(
  accept: string | undefined,
  signature: FlowSignature,
  hidden: ReadonlySet<string>,
): ScoreFormat {
  const types = mediaTypes(accept);
  const streamed = signature.outputs.filter((output) => output.streamed && !hidden.has(output.name));
  const wantsStream = types.includes("text/event-stream");
  if (streamed.length > 1 && wantsStream) {
    throw severalStreams();
  }
  if (streamed.length === 1 && wantsStream) return "event-stream";
  const acceptsJson = types.some((type) => JSON_TYPES.has(type));
  if (wantsStream && signature.mayStream) return acceptsJson ? "found" : "found-stream";
  if (acceptsJson) return "json";
  throw notAcceptable(types);
}

/** Whether a caller asks for a stream in so many words. */
export function namesStream(accept: string | undefined): boolean {
  return mediaTypes(accept).includes("text/event-stream");
}

/** Without their parameters; a caller who names none takes everything. */
export function mediaTypes(accept = ""): string[] {
  const named = accept.split(",").map((part) => part.split(";", 1)[0]?.trim().toLowerCase() ?? "");
  const types = named.filter((type) => type !== "");
  return types.length === 0 ? ["*/*"] : types;
}

export function severalStreams(): FlowsteadError {
  return new FlowsteadError("MultipleStreamOutputFieldsNotSupported", "Multiple stream output fields not supported.");
}

/** What is said to a caller who takes nothing but what there is not. */
export function notAcceptable(types: readonly string[]): FlowsteadError {
  return new FlowsteadError(
    "NotAcceptable",
    `Media type ${types.join(",")} in Accept header is not acceptable. Supported media type(s) - application/json`,
  );
}
