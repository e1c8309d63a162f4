// The running system of a state folder, asked over its control routes.

import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { type Hop, openHop } from "../network/hop.ts";
import { isAlive } from "../store/alive.ts";

const announcement = z.object({
  pid: z.number(),
  url: z.string(),
  token: z.string(),
  certificate: z.string().optional(),
});
/** What a system that runs says of itself in its state folder. */
export type Announcement = z.output<typeof announcement>;

/**
 * Runs `work` against the system that runs on this state folder.
 * @throws FlowsteadError `InvalidRequest` when none runs, `InstanceUnavailable` when the one that runs does not answer.
 */
export async function withRunning<T>(home: string, work: (control: Hop) => Promise<T>): Promise<T> {
  const { pid, url, token, certificate } = needRunning(home);
  const peer = `The system on ${home} (process ${pid}, ${url})`;
  const control = openHop(
    { url: `${url}/control`, token, certificate },
    { unreachable: "InstanceUnavailable", lost: "InstanceLost", peer },
  );
  try {
    return await work(control);
  } finally {
    await control.close();
  }
}

/** Undefined where nothing was said. A process that was killed has left what it said. */
export function readAnnouncement(home: string): Announcement | undefined {
  try {
    return announcement.parse(JSON.parse(readFileSync(path.join(home, "running.json"), "utf8")));
  } catch {
    return undefined;
  }
}

function needRunning(home: string): Announcement {
  const found = readAnnouncement(home);
  if (found && isAlive(found.pid)) return found;
  const what = found ? `The system on ${home} was killed (process ${found.pid})` : `No system runs on ${home}`;
  throw new FlowsteadError("InvalidRequest", `${what}. Start one with "flowstead up", or give its folder with --home.`);
}
