// What the chat page calls. Found anew for every call: endpoints and deployments are deleted and made again by commands.

import { FlowsteadError } from "../base/error/error.ts";
import type { Config } from "../config/schema.ts";
import type { OnlineEndpoint, Routed } from "../endpoint/endpoint.ts";
import type { FlowEvent } from "../flow/event.ts";
import type { FlowCall, Target } from "../flow/target.ts";

/** @throws FlowsteadError `InvalidConfig` when the page is to call an endpoint that is not there. */
export function chatTarget(
  { chat, endpoint }: Readonly<Pick<Config, "chat" | "endpoint">>,
  endpoints: ReadonlyMap<string, OnlineEndpoint>,
): Target {
  const name = chat.endpoint ?? endpoint.name;
  if (!endpoints.has(name)) {
    const known = [...endpoints.keys()].join(", ");
    const text = `chat.endpoint is "${name}", but there is no such endpoint. There is: ${known}.`;
    throw new FlowsteadError("InvalidConfig", text);
  }

  function found(): OnlineEndpoint {
    const current = endpoints.get(name);
    if (current) return current;
    throw new FlowsteadError("NotFound", `The endpoint "${name}", which this page calls, has been deleted.`);
  }
  /** The endpoint itself tells of itself without taking a turn of its split. */
  const described = (): Pick<Routed, "describe"> => {
    const current = found();
    return chat.deployment === undefined ? current : current.route(chat.deployment);
  };

  return {
    describe: async (signal) => described().describe(signal),
    async *invoke(call: FlowCall, signal: AbortSignal): AsyncGenerator<FlowEvent> {
      let routed: Routed;
      try {
        routed = found().route(chat.deployment);
      } catch (thrown) {
        yield { type: "error", time: Date.now(), error: FlowsteadError.from(thrown).toBody() };
        return;
      }
      yield* routed.invoke(call, signal);
    },
    // Endpoints are the fleet's to close.
    close: async () => {},
  };
}
