import type { FlowEvent } from "../../src/flow/event.ts";
import type { FlowCall } from "../../src/flow/target.ts";
import type { Instance, InstanceState, StartInstance } from "../../src/endpoint/instance/instance.ts";
import { CHAT_SIGNATURE, end, start, text } from "./target.ts";

export interface FakeInstance extends Instance {
  become(state: InstanceState, problem?: string): void;
  /** What its health probe does. */
  hangs: boolean;
  kills: number;
  calls: number;
  version: string;
  stoppedNow: boolean;
}

/** Instances of this process, whose states the test sets. They answer calls with the name of their version. */
export function fakeInstances(): {
  all: FakeInstance[];
  starter(version: string, options?: { ready?: boolean }): StartInstance;
} {
  const all: FakeInstance[] = [];
  return {
    all,
    starter:
      (version, { ready = true } = {}) =>
      ({ name, zone }, onState) => {
        const instance: FakeInstance = {
          name,
          zone,
          version,
          state: "starting",
          problem: undefined,
          pid: undefined,
          restarts: 0,
          hangs: false,
          kills: 0,
          calls: 0,
          stoppedNow: false,
          target: {
            describe: async () => CHAT_SIGNATURE,
            async *invoke(call: FlowCall): AsyncGenerator<FlowEvent> {
              instance.calls++;
              yield start();
              await (call.inputs.wait as unknown as Promise<void> | undefined);
              yield text(version);
              yield end({ answer: version });
            },
            health: () => (instance.hangs ? new Promise(() => {}) : Promise.resolve()),
            close: async () => {},
          },
          become(state, problem) {
            Object.assign(instance, { state, problem });
            onState(instance);
          },
          kill() {
            instance.kills++;
            instance.become("backing-off", "killed");
          },
          async stop({ now = false } = {}) {
            instance.stoppedNow = now;
            Object.assign(instance, { state: "stopped" });
            onState(instance);
          },
        };
        all.push(instance);
        if (ready) setImmediate(() => instance.become("ready"));
        return instance;
      },
  };
}
