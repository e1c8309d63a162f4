// How a ready instance is looked after: its two probes, the silence of its calls and the memory that it takes.

import type { FlowsteadError } from "../base/error/error.ts";
import type { Logger } from "../base/log.ts";
import type { Target } from "../flow/target.ts";
import { watchHealth } from "../pool/health.ts";
import type { Member } from "../pool/member.ts";
import { watchProbe } from "../pool/probe.ts";
import { watchSilence } from "../pool/silence.ts";
import type { Instance, ProbeKind } from "./instance/instance.ts";
import { watchMemory } from "./instance/memory.ts";
import type { Revision } from "./revision.ts";

export interface InstanceWatch {
  instance: Instance;
  member: Member<Target>;
  revision: Revision;
  log: Logger;
  /** It takes more memory than it may; another one is to take its place. */
  onOutgrown: () => void;
}

/**
 * Watches until the function returned is called, which is when the instance's state changes. A readiness probe lets it come
 * back, a liveness probe and silence end it, so that it is started anew.
 */
export function watchInstance({ instance, member, revision, log, onOutgrown }: InstanceWatch): () => void {
  const asks =
    (kind: ProbeKind) =>
    (signal: AbortSignal): Promise<void> =>
      instance.target.health(signal, kind);
  const hangs = (reason: FlowsteadError): void => {
    log.warn({ instance: instance.name, reason: reason.message }, "instance hangs");
    const message = `It does not answer and is ended: ${reason.message}`;
    revision.onTrouble?.(instance.name, { name: "LivenessProbeFailed", message });
    // First its end, so that a call that moves elsewhere can not be worked on here any more.
    instance.kill();
    member.lose(reason);
  };
  const stops = [
    watchHealth(member, {
      ...revision.readiness,
      probe: (_target, signal) => asks("readiness")(signal),
      onLost: ({ message }) => revision.onTrouble?.(instance.name, { name: "ReadinessProbeFailed", message }),
    }),
    watchProbe({ ...revision.liveness, probe: asks("liveness"), onWell: () => {}, onIll: hangs }),
    // A liveness probe as managed endpoints have it needs minutes; callers of a hung process do not have them.
    watchSilence(member, {
      ...revision.silence,
      probe: (_target, signal) => asks("liveness")(signal),
      onHang: hangs,
    }),
    watchSize({ instance, revision, log, onOutgrown }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function watchSize({ instance, revision, log, onOutgrown }: Omit<InstanceWatch, "member">): () => void {
  const { memory } = revision;
  if (!memory) return () => {};
  return watchMemory({
    ...memory,
    measure: () => memory.measure(instance),
    onOver: (bytes) => {
      const [taken, limit] = [bytes, memory.limitBytes].map((size) => `${Math.ceil(size / 2 ** 20)} MiB`);
      const message = `It takes ${taken} of memory and may take ${limit}; another one takes its place.`;
      log.warn({ instance: instance.name, bytes }, "instance takes too much memory");
      revision.onTrouble?.(instance.name, { name: "Killing", message });
      onOutgrown();
    },
  });
}
