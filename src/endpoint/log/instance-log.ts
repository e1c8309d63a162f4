// What one instance tells its log: each line it prints, and the original's words for what becomes of it.

import type { Instance, InstanceState } from "../instance/instance.ts";
import type { InstanceTrouble } from "../revision.ts";
import type { InstanceEventName, Journal, Place } from "./journal.ts";

export interface InstanceLog {
  onLine(instance: string, line: string): void;
  onState(instance: Pick<Instance, "name" | "zone" | "state" | "problem" | "restarts">): void;
  onTrouble(instance: string, trouble: InstanceTrouble): void;
}

/** @param pulled what is told of where the flow or its image comes from */
export function instanceLog(journal: Journal, place: Place, pulled: string): InstanceLog {
  const last = new Map<string, InstanceState>();
  const tell = (instance: string, name: InstanceEventName, message: string): void =>
    journal.event(place, instance, { name, message });
  return {
    onLine: (instance, line) => journal.console(place, instance, line),
    onState({ name, zone, state, problem, restarts }) {
      // Some states are told more than once.
      if (last.get(name) === state) return;
      last.set(name, state);
      if (state === "starting") {
        if (restarts === 0) tell(name, "Pulled", pulled);
        tell(name, "Created", `Created instance ${name} in zone ${zone}.`);
      } else if (state === "ready") tell(name, "Started", `Started instance ${name}.`);
      else if (state === "backing-off") {
        tell(name, "BackOff", `Back-off before instance ${name} is started again: ${problem ?? "it ended"}.`);
      } else {
        tell(name, "Killing", `Stopping instance ${name}.`);
        last.delete(name);
      }
    },
    onTrouble: (instance, { name, message }) => tell(instance, name, message),
  };
}
