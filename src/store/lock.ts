// One process writes a state folder. The lock is a file that names its holder; it outlives a crash, so a holder that
// is gone is recognised and replaced. A process id alone does not tell: ids are used again, and in a fresh container
// the new process has the same id as the dead one, so the start time of the process is compared too.

import { readFileSync, statSync, utimesSync } from "node:fs";
import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { sleep } from "../base/abort.ts";
import { secretToken } from "../base/id.ts";
import { isAlive } from "./alive.ts";

export interface StateLock {
  /** Gives the folder free; a second call does nothing. */
  release(): Promise<void>;
}

interface Holder {
  pid: number;
  /** When the process started, in the platform's own measure; empty where it cannot be known. */
  started: string;
  host: string;
  /** Milliseconds since the epoch. */
  since: number;
  token: string;
}

const REFRESH_MS = 5_000;
/** A lock of another machine on a shared folder counts as held while its file is this fresh. */
const FOREIGN_FRESH_MS = 20_000;
const TAKEOVER_STALE_MS = 10_000;

/**
 * Takes the folder for this process, or for this holder in it; waits up to `waitMs` for one that holds it for a moment only.
 * @throws FlowsteadError `StateLocked`, naming the process that has it.
 */
export async function lockState(folder: string, waitMs = 0): Promise<StateLock> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await tryLock(folder);
    } catch (thrown) {
      const held = thrown instanceof FlowsteadError && thrown.code === "StateLocked";
      if (!held || Date.now() >= deadline) throw thrown;
      await sleep(25);
    }
  }
}

async function tryLock(folder: string): Promise<StateLock> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, "flowstead.lock");
  const me: Holder = {
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    since: Date.now(),
    token: secretToken(),
  };
  for (let attempt = 0; attempt < 50; attempt++) {
    if (await create(file, me)) return holding(file, me);
    const other = await readHolder(file);
    if (other && isHeld(file, other)) throw locked(folder, other);
    if (!(await replaceStale(file))) await sleep(20);
  }
  throw new FlowsteadError("StateLocked", `The lock of ${folder} changes hands all the time. Start one process only.`);
}

function holding(file: string, me: Holder): StateLock {
  const refresh = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The folder was removed under us; nobody can tell by this file any more.
    }
  }, REFRESH_MS);
  refresh.unref();
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      clearInterval(refresh);
      const holder = await readHolder(file);
      if (holder?.token === me.token) await rm(file, { force: true });
    },
  };
}

async function create(file: string, me: Holder): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(JSON.stringify(me));
    } catch (thrown) {
      // On a full disk: a file without a holder would keep the next one out for a while.
      await rm(file, { force: true });
      throw thrown;
    } finally {
      await handle.close();
    }
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  }
}

/** Removes a lock whose holder is gone. Of several processes that see it, one at a time looks again and removes. */
async function replaceStale(file: string): Promise<boolean> {
  const gate = `${file}.takeover`;
  try {
    await mkdir(gate);
  } catch {
    const made = await stat(gate).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > TAKEOVER_STALE_MS) await rm(gate, { recursive: true, force: true });
    return false;
  }
  try {
    const other = await readHolder(file);
    if (other ? !isHeld(file, other) : isAbandoned(file)) await rm(file, { force: true });
    return true;
  } finally {
    await rm(gate, { recursive: true, force: true });
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, "utf8")) as Partial<Holder>;
    return typeof holder.pid === "number" ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** A file without a holder in it: its maker died between making and writing, or is at it right now. */
function isAbandoned(file: string): boolean {
  return ageMs(file) > 2_000;
}

function isHeld(file: string, holder: Holder): boolean {
  if (holder.host !== hostname()) return ageMs(file) < FOREIGN_FRESH_MS;
  return isAlive(holder.pid) && startOf(holder.pid) === holder.started;
}

function ageMs(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/** Linux tells when a process started (field 22 of its stat line, after the name in brackets) and which boot it is. */
function startOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    const ticks = line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${ticks}`;
  } catch {
    return "";
  }
}

function locked(folder: string, holder: Holder): FlowsteadError {
  const where = holder.host === hostname() ? "" : ` on ${holder.host}`;
  const since = new Date(holder.since).toISOString();
  return new FlowsteadError(
    "StateLocked",
    `The state folder ${folder} is in use by process ${holder.pid}${where} since ${since}. Stop it, or choose another folder with --home.`,
    { details: { pid: holder.pid, host: holder.host, since } },
  );
}
