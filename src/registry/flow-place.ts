// Which files make a flow: its folder and what it includes from elsewhere, without what tools and runs leave behind.

import { statSync } from "node:fs";
import path from "node:path";
import { loadFlow } from "../flow/load.ts";

const LEFT_OUT = /^(\.git|\.runs|\.promptflow|\.flowstead|\.venv|__pycache__|node_modules|.+\.pyc)$/;

/** What tools leave in a flow's folder: no part of the flow, and its edit is no edit of the flow. */
export function isLeftOut(name: string): boolean {
  return LEFT_OUT.test(name);
}

/**
 * The flow's folder first, then what it includes, as absolute paths; an include may be missing.
 * @param source the flow's folder or file. @throws FlowsteadError for a flow that cannot be read.
 */
export function flowPlaces(source: string): [string, ...string[]] {
  const { directory, definition } = loadFlow(source);
  return [directory, ...definition.additionalIncludes.map((include) => included(path.resolve(directory, include)))];
}

/** `x.zip` beside a folder `x` stands for that folder. */
function included(place: string): string {
  const folder = place.replace(/\.zip$/, "");
  const isArchive = folder !== place && !statSync(place, { throwIfNoEntry: false });
  return isArchive && statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? folder : place;
}
