import { FlowsteadError } from "../base/error/error.ts";
import type { FlowSignature } from "../flow/target.ts";

export type ScoreFormat = "json" | "event-stream";

const JSON_TYPES = new Set(["application/json", "application/*", "*/*"]);

/**
 * How to answer a call of `/score`: a stream only when the caller names `text/event-stream` and the flow has a streamed output.
 * @throws FlowsteadError `NotAcceptable`, `MultipleStreamOutputFieldsNotSupported`.
 */
export function scoreFormat(accept: string | undefined, signature: FlowSignature): ScoreFormat {
  const types = (accept || "*/*").split(",").map((part) => part.split(";")[0]?.trim().toLowerCase() ?? "");
  const streamed = signature.outputs.filter((output) => output.streamed && !output.evaluationOnly);
  const wantsStream = types.includes("text/event-stream");
  if (streamed.length > 1 && wantsStream) {
    throw new FlowsteadError("MultipleStreamOutputFieldsNotSupported", "Multiple stream output fields not supported.");
  }
  if (streamed.length === 1 && wantsStream) return "event-stream";
  if (types.some((type) => JSON_TYPES.has(type))) return "json";
  throw new FlowsteadError(
    "NotAcceptable",
    `Media type ${types.join(",")} in Accept header is not acceptable. Supported media type(s) - application/json`,
  );
}
