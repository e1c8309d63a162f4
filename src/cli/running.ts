// The running system of a state folder, asked over its control routes.

import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { type Hop, openHop } from "../network/hop.ts";

const announcement = z.object({ url: z.string(), token: z.string() });

/** Runs `work` against the system that runs on this state folder. @throws FlowsteadError `InvalidRequest` when none runs. */
export async function withRunning<T>(home: string, work: (control: Hop) => Promise<T>): Promise<T> {
  const { url, token } = readAnnouncement(path.join(home, "running.json"));
  const control = openHop(
    { url: `${url}/control`, token },
    { unreachable: "InstanceUnavailable", lost: "InstanceLost", peer: "The running system" },
  );
  try {
    return await work(control);
  } finally {
    await control.close();
  }
}

function readAnnouncement(file: string): z.output<typeof announcement> {
  try {
    return announcement.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const text = `No system runs on ${path.dirname(file)}. Start one with "flowstead up", or give its folder with --home.`;
    throw new FlowsteadError("InvalidRequest", text, { cause });
  }
}
