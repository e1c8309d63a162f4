// How much memory an instance takes, and what happens when it is more than it may.

import { readFile } from "node:fs/promises";
import type { ResourcesSpec } from "../specification/deployment-spec.ts";

export interface MemoryWatch {
  limitBytes: number;
  /** Undefined when it cannot be known now. */
  measure: () => Promise<number | undefined>;
  /** Called once, when more is taken than may be; the watch has ended then. */
  onOver: (bytes: number) => void;
  /** Default 5000. */
  periodMs?: number;
}

/** Looks until the function returned is called. */
export function watchMemory({ limitBytes, measure, onOver, periodMs = 5_000 }: MemoryWatch): () => void {
  let isStopped = false;
  const look = async (): Promise<void> => {
    const bytes = await measure().catch(() => undefined);
    if (isStopped) return;
    if (bytes !== undefined && bytes > limitBytes) onOver(bytes);
    else later();
  };
  const later = (): void => {
    timer = setTimeout(() => void look(), periodMs);
    timer.unref();
  };
  let timer: NodeJS.Timeout | undefined;
  later();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

/**
 * Resident bytes of a process and all processes below it, such as those that run Python; undefined where the platform does
 * not tell. What processes share is counted for each.
 */
export async function treeMemory(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean);
    const below = await Promise.all(children.map((child) => treeMemory(Number(child))));
    return below.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
  } catch {
    return undefined;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** `resources.limits.memory` in bytes, of a quantity as clusters write it; undefined when there is none. */
export function memoryLimit(resources: ResourcesSpec | undefined): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?$/.exec(resources?.limits?.["memory"] ?? "") ?? [];
  return number === undefined ? undefined : Math.floor(Number(number) * (UNITS[unit] ?? 1));
}
