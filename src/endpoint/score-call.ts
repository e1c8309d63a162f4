// A call of `/score` as far as it is known before the flow runs: its inputs, and the form of its answer.

import { FlowsteadError } from "../base/error/error.ts";
import type { ValueMap } from "../base/value.ts";
import { innermostCode } from "../flow/error-chain.ts";
import type { FlowSignature } from "../flow/target.ts";
import type { ServedRequest } from "../network/served-exchange.ts";
import type { Meter } from "../trace/meter.ts";
import { type ScoreFormat, namesStream, scoreFormat } from "./accept.ts";
import { readBytes } from "./exchange.ts";
import { countWhole } from "./score-metric.ts";
import { hiddenOutputs } from "./score-output.ts";
import { parseScoreRequest } from "./score-request.ts";

export interface ScoreCall {
  inputs: ValueMap;
  format: ScoreFormat;
}

interface CallLimits {
  bodyLimit: number;
  meter?: Meter | undefined;
  /** See `ScoreOptions`. */
  includedFields?: readonly string[] | undefined;
}

/** @throws FlowsteadError for a body or an `Accept` that the flow cannot serve; it is counted like an answer. */
export async function readScoreCall(
  request: ServedRequest,
  signature: FlowSignature,
  { bodyLimit, meter, includedFields }: CallLimits,
): Promise<ScoreCall> {
  const began = performance.now();
  const { accept } = request.headers;
  try {
    const inputs = parseScoreRequest(signature, await readBytes(request, bodyLimit));
    return { inputs, format: scoreFormat(accept, signature, hiddenOutputs(signature, includedFields)) };
  } catch (thrown) {
    const error = FlowsteadError.from(thrown).toBody();
    const [exception, streaming, durationMs] = [innermostCode(error), namesStream(accept), performance.now() - began];
    if (meter) countWhole(meter, { flow: signature.name, exception, status: error.status, streaming, durationMs });
    throw thrown;
  }
}
