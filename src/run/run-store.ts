// The runs of a state folder: one folder each.

import { realpathSync } from "node:fs";
import { mkdir, readFile, readdir, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { parseJson, stringifyJson } from "../base/json.ts";
import { writeFileAtomic } from "../store/atomic-file.ts";
import { type StateLock, lockState } from "../store/lock.ts";
import { type RunLayout, runLayout } from "./layout.ts";
import { importRun } from "./import-run.ts";
import { type RunInfo, runInfoSchema } from "./run-info.ts";

export interface OpenRun {
  readonly layout: RunLayout;
  readonly info: RunInfo;
  /** Changes the record on the disk. */
  update(change: Partial<RunInfo>): Promise<void>;
  /** Ends the claim that this process works on the run. */
  release(): Promise<void>;
}

export interface RunStore {
  /**
   * Makes the folder of a new run, here or below another folder, and claims it for this process.
   * @throws FlowsteadError `RunExistsError`.
   */
  create(info: RunInfo, below?: string): Promise<OpenRun>;
  /** Takes in the folder of a run that was made elsewhere, which stays there. @throws FlowsteadError `UsageError`. */
  adopt(folder: string, name?: string): Promise<RunInfo>;
  /**
   * A run that is Running in the record, but whose process is gone, is Failed.
   * @throws FlowsteadError `RunNotFoundError`.
   */
  get(name: string): Promise<RunInfo>;
  /** Newest first. Folders without a readable record are left out. */
  list(): Promise<RunInfo[]>;
  update(name: string, change: Partial<RunInfo>): Promise<RunInfo>;
  /** @throws FlowsteadError `InvalidRunStatusError` while the run is going on. */
  delete(name: string): Promise<void>;
  layout(name: string): RunLayout;
}

/** What a folder may be called; no comma, which stands between names. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_ .()@=+~-]*$/u;
const NAME_BYTES = 200;

export function openRunStore(folder: string): RunStore {
  const layout = (name: string): RunLayout => {
    if (isName(name)) return runLayout(real(path.join(folder, name)));
    throw new FlowsteadError(
      "UsageError",
      `"${name.slice(0, 80)}" cannot name a run: use letters, digits, spaces and any of "_-.()@=+~", ${NAME_BYTES} bytes at most; begin with a letter, a digit or "_".`,
    );
  };
  const get = async (name: string): Promise<RunInfo> => {
    const info = await readRecord(layout(name).record);
    if (!info) throw new FlowsteadError("RunNotFoundError", `Run '${name}' cannot be found in ${folder}.`);
    return info.status === "Running" && !(await isClaimed(layout(name).folder)) ? { ...info, status: "Failed" } : info;
  };
  return {
    layout,
    get,
    create: writable(folder, async (info: RunInfo, below?: string) => {
      layout(info.name);
      await mkdir(folder, { recursive: true });
      const here = path.join(folder, info.name);
      if (below === undefined) await mkdir(here).catch(refuseKnown(info.name));
      else {
        const there = path.join(below, info.name);
        // The link is what claims the name.
        await symlink(there, here, "dir").catch(refuseKnown(info.name));
        await mkdir(there, { recursive: true });
      }
      const own = layout(info.name);
      const claim = await lockState(own.folder);
      try {
        await writeRecord(own, info);
      } catch (thrown) {
        await claim.release();
        await rm(own.folder, { recursive: true, force: true });
        await rm(here, { recursive: true, force: true });
        throw thrown;
      }
      return openRun(own, info, claim);
    }),
    adopt: writable(folder, async (source: string, name?: string) => {
      const there = path.resolve(source);
      const found = (await readRecord(runLayout(there).record)) ?? (await importRun(there));
      const info = name === undefined ? found : { ...found, name };
      layout(info.name);
      await mkdir(folder, { recursive: true });
      await symlink(there, path.join(folder, info.name), "dir").catch(refuseKnown(info.name));
      await writeRecord(layout(info.name), info);
      return info;
    }),
    async list() {
      const names = await readdir(folder).catch(() => []);
      const runs = await Promise.all(names.filter(isName).map((name) => get(name).catch(() => undefined)));
      return runs.filter((info) => info !== undefined).sort((a, b) => (a.created_on < b.created_on ? 1 : -1));
    },
    update: writable(folder, async (name: string, change: Partial<RunInfo>) => {
      const info = { ...(await get(name)), ...change };
      await writeRecord(layout(name), info);
      return info;
    }),
    delete: writable(folder, async (name: string) => {
      const info = await get(name);
      if (info.status === "Running") {
        throw new FlowsteadError("InvalidRunStatusError", `Run '${name}' is going on; stop it before you delete it.`);
      }
      await rm(layout(name).folder, { recursive: true });
      await rm(path.join(folder, name), { recursive: true, force: true });
    }),
  };
}

const UNWRITABLE: ReadonlySet<unknown> = new Set(["EROFS", "EACCES", "EPERM", "ENOTDIR", "ENOENT"]);

/** `work`, where whoever may not write the folder is told so. */
function writable<A extends unknown[], T>(
  folder: string,
  work: (...given: A) => Promise<T>,
): (...given: A) => Promise<T> {
  return (...given) =>
    work(...given).catch((cause: NodeJS.ErrnoException) => {
      if (cause instanceof FlowsteadError || !UNWRITABLE.has(cause.code)) throw cause;
      const told = `Runs cannot be written in ${folder} (${cause.message}). Make it writable, or name another folder with --home.`;
      throw new FlowsteadError("StoreUnavailable", told, { cause });
    });
}

function isName(name: string): boolean {
  return NAME.test(name) && Buffer.byteLength(name) <= NAME_BYTES;
}

/** Where a run that is kept elsewhere is. */
function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function refuseKnown(name: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    if (cause.code !== "EEXIST") throw cause;
    throw new FlowsteadError("RunExistsError", `Run '${name}' already exists.`, { cause });
  };
}

function openRun(layout: RunLayout, first: RunInfo, claim: StateLock): OpenRun {
  let info = first;
  return {
    layout,
    get info() {
      return info;
    },
    async update(change) {
      // Others may have renamed or archived it meanwhile.
      info = { ...((await readRecord(layout.record)) ?? info), ...change };
      await writeRecord(layout, info);
    },
    release: () => claim.release(),
  };
}

/** May hold values of environment variables. */
async function writeRecord(layout: RunLayout, info: RunInfo): Promise<void> {
  await writeFileAtomic(layout.record, `${stringifyJson(info, 2)}\n`, 0o600);
}

async function readRecord(file: string): Promise<RunInfo | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = runInfoSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

async function isClaimed(folder: string): Promise<boolean> {
  try {
    const lock = await lockState(folder);
    await lock.release();
    return false;
  } catch {
    return true;
  }
}
