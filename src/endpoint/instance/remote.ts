import { FlowsteadError } from "../../base/error/error.ts";
import { type Hop, type HopAddress, openHop } from "../../network/hop.ts";
import type { FlowEvent } from "../../flow/event.ts";
import type { FlowCall, FlowSignature, Target } from "../../flow/target.ts";

/** A target in another process, behind a Unix socket or a URL; its peer is `flow-server.ts`. */
export function remoteTarget(address: HopAddress, peer = "The flow instance"): RemoteTarget {
  const hop = openHop(address, { unreachable: "InstanceUnavailable", lost: "InstanceLost", peer });
  return {
    describe: async (signal) => (await hop.json("/describe", undefined, signal)) as unknown as FlowSignature,
    invoke: (call, signal) => invoke(hop, call, signal),
    health: async (signal) => {
      await hop.json("/health", undefined, signal);
    },
    close: () => hop.close(),
  };
}

export interface RemoteTarget extends Target {
  /** @throws FlowsteadError when the process does not answer as healthy. */
  health(signal: AbortSignal): Promise<void>;
}

async function* invoke(hop: Hop, call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
  let ended = false;
  try {
    for await (const line of hop.lines("/invoke", call, { signal })) {
      const event = line as unknown as FlowEvent;
      ended = event.type === "flow-end" || event.type === "error";
      yield event;
    }
    if (!ended)
      yield failure(new FlowsteadError("InstanceLost", "The flow instance ended in the middle of its answer."));
  } catch (thrown) {
    if (!ended) yield failure(FlowsteadError.from(thrown));
  }
}

function failure(error: FlowsteadError): FlowEvent {
  return { type: "error", time: Date.now(), error: error.toBody() };
}
