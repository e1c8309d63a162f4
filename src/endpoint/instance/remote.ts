import { FlowsteadError } from "../../base/error/error.ts";
import { type Hop, type HopAddress, openHop } from "../../network/hop.ts";
import type { FlowEvent } from "../../flow/event.ts";
import type { FlowCall, FlowSignature } from "../../flow/target.ts";
import type { InstanceTarget } from "./instance.ts";

/** A target in another process, behind a Unix socket or a URL; its peer is `flow-server.ts`. */
export function remoteTarget(address: HopAddress, peer = "The flow instance"): InstanceTarget {
  const failures = { unreachable: "InstanceUnavailable", lost: "InstanceLost", peer } as const;
  const hop = openHop(address, failures);
  // A probe that had to wait for a free connection would take a busy process for a dead one.
  const probes = openHop(address, { ...failures, connections: 1 });
  return {
    describe: async (signal) => (await hop.json("/describe", undefined, signal)) as unknown as FlowSignature,
    invoke: (call, signal) => invoke(hop, call, signal),
    health: async (signal) => {
      await probes.json("/health", undefined, signal);
    },
    close: async () => {
      await Promise.all([hop.close(), probes.close()]);
    },
  };
}

async function* invoke(hop: Hop, call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
  const running = new Map<string, number>();
  let ended = false;
  let failure: FlowsteadError | undefined;
  try {
    for await (const line of hop.lines("/invoke", call, { signal })) {
      const event = line as unknown as FlowEvent;
      if (event.type === "node-start") running.set(event.node, event.time);
      else if (event.type === "node-end") running.delete(event.node);
      else if (event.type === "restart") running.clear();
      ended = event.type === "flow-end" || event.type === "error";
      yield event;
    }
    failure = new FlowsteadError("InstanceLost", "The flow instance ended in the middle of its answer.");
  } catch (thrown) {
    failure = FlowsteadError.from(thrown);
  }
  if (!ended) yield* closing(running, failure);
}

/** The events that the other side can no longer send: nodes that ran have ended with it, and so has the run. */
function* closing(running: ReadonlyMap<string, number>, error: FlowsteadError): Generator<FlowEvent> {
  const time = Date.now();
  for (const [node, startTime] of running) {
    yield { type: "node-end", node, status: "canceled", time, durationMs: Math.max(0, time - startTime) };
  }
  yield { type: "error", time, error: error.toBody() };
}
