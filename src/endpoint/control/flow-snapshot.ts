// What a deployment's instances read: the flow's files as they were when the deployment was created or updated, so that an
// instance that is started anew, at any time, is of the same version as its neighbours. One folder per state of the files,
// named by its digest, below the deployment's own.

import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { uuid } from "../../base/id.ts";
import type { Logger } from "../../base/log.ts";
import { copiedFlow, copyFlow } from "../../registry/flow-copy.ts";
import { flowDigest } from "../../registry/flow-digest.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";

type SnapshotOf = Pick<DeploymentSpec, "endpointName" | "name" | "flow" | "flowDigest">;

export interface FlowSnapshots {
  /**
   * Keeps the flow's files as they are now, unless that state is kept already.
   * @returns its digest; undefined for a deployment without a flow, or one that cannot be read
   */
  take(spec: SnapshotOf): Promise<string | undefined>;
  /** Whether the files of the specification's own digest are kept. */
  has(spec: SnapshotOf): boolean;
  /** Where they lie: what instances are started with. The flow's own place where no copy was made. */
  placeOf(spec: SnapshotOf): string | undefined;
  /**
   * Removes a deployment's other states, or all of them where none is wanted, once instances that run on them must have
   * ended; not at all when another state is taken before that.
   * @param drainMs how long calls may go on
   */
  keepOnly(spec: Kept, drainMs: number): void;
  /** Removes at once what is no state of these; for a start, when nothing runs yet. */
  sweep(all: readonly Kept[]): Promise<void>;
  close(): void;
}

type Kept = Pick<SnapshotOf, "endpointName" | "name" | "flowDigest">;

export interface FlowSnapshotOptions {
  /** In the state folder: the files may hold what is nobody else's to read. */
  folder: string;
  log: Logger;
  /** From the end of the last call until a state is removed. Default 30 000. */
  graceMs?: number;
}

/** Of a folder that is edited all the while, the last try is taken. */
const TRIES = 3;

export function openFlowSnapshots({ folder, log, graceMs = 30_000 }: FlowSnapshotOptions): FlowSnapshots {
  const folderOf = ({ endpointName, name }: Kept): string => path.join(folder, endpointName, name);
  const removals = new Map<string, NodeJS.Timeout>();
  const stateOf = (spec: SnapshotOf): string => path.join(folderOf(spec), spec.flowDigest ?? "");
  const has = (spec: SnapshotOf): boolean => spec.flowDigest !== undefined && existsSync(stateOf(spec));

  /** @returns the digest of what was copied; undefined where nothing was */
  async function copy(spec: SnapshotOf, flow: string, before: string): Promise<string | undefined> {
    const parent = folderOf(spec);
    const work = path.join(parent, `.${uuid()}`);
    try {
      let digest: string | undefined = before;
      for (let attempt = 1; digest !== undefined; attempt++) {
        await rm(work, { recursive: true, force: true });
        await mkdir(work, { recursive: true, mode: 0o700 });
        if (!(await copyFlow(flow, work))) {
          log.warn({ flow }, "flow is run where it lies: its folder is too large to copy");
          return undefined;
        }
        const after = await flowDigest(flow);
        if (after === digest || attempt === TRIES) break;
        digest = after;
      }
      if (digest === undefined) return undefined;
      const target = path.join(parent, digest);
      if (!existsSync(target)) await rename(work, target);
      return digest;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  async function remove(kept: Kept): Promise<void> {
    const parent = folderOf(kept);
    for (const name of await readdir(parent).catch(() => [])) {
      if (name !== kept.flowDigest) await rm(path.join(parent, name), { recursive: true, force: true });
    }
    if (kept.flowDigest === undefined) await rm(parent, { recursive: true, force: true });
  }

  function cancelRemoval(kept: Kept): void {
    clearTimeout(removals.get(folderOf(kept)));
    removals.delete(folderOf(kept));
  }

  return {
    has,
    async take(spec) {
      cancelRemoval(spec);
      const digest = spec.flow === undefined ? undefined : await flowDigest(spec.flow);
      if (spec.flow === undefined || digest === undefined) return undefined;
      if (has({ ...spec, flowDigest: digest })) return digest;
      try {
        return (await copy(spec, spec.flow, digest)) ?? digest;
      } catch (thrown) {
        // A disk that is full, say: the deployment can run nevertheless.
        log.warn({ err: thrown, flow: spec.flow }, "flow is run where it lies: it could not be copied");
        return digest;
      }
    },
    placeOf: (spec) => (spec.flow !== undefined && has(spec) ? copiedFlow(stateOf(spec)) : spec.flow),
    keepOnly(kept, drainMs) {
      cancelRemoval(kept);
      const timer = setTimeout(() => {
        removals.delete(folderOf(kept));
        remove(kept).catch((thrown: unknown) => log.warn({ err: thrown }, "old files of a flow could not be removed"));
      }, drainMs + graceMs);
      timer.unref();
      removals.set(folderOf(kept), timer);
    },
    async sweep(all) {
      const kept = new Set(all.map(folderOf));
      for (const endpointName of await readdir(folder).catch(() => [])) {
        for (const name of await readdir(path.join(folder, endpointName))) {
          if (!kept.has(folderOf({ endpointName, name }))) await remove({ endpointName, name });
        }
      }
      for (const one of all) await remove(one);
    },
    close() {
      for (const timer of removals.values()) clearTimeout(timer);
    },
  };
}
