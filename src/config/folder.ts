// What lies where in the state folder.

import { homedir } from "node:os";
import path from "node:path";
import type { Config } from "./schema.ts";

/** What a state folder is called where nobody names one. */
export const STATE_FOLDER = ".flowstead";

type Home = Readonly<Pick<Config, "home">>;

/** A person's state folder, for what belongs to no project. */
export function userHome(): string {
  return path.join(homedir(), STATE_FOLDER);
}

/** The endpoint's keys. */
export function keyFolder({ home }: Home): string {
  return path.join(home, "keys");
}

/** Connections created by command. */
export function connectionFolder({ home }: Home): string {
  return path.join(home, "connections");
}

/** Those, and after them the folder of another state folder whose connections count too. */
export function connectionFolders({ home, shared_home: shared }: Home & Pick<Config, "shared_home">): string[] {
  return [...new Set([home, ...(shared ? [path.resolve(shared)] : [])])].map((folder) =>
    path.join(folder, "connections"),
  );
}

/** Search indexes, a folder each. */
export function indexFolder({ home }: Home): string {
  return path.join(home, "index");
}

/** Vectors of texts that were embedded once; may be deleted. */
export function embeddingFolder({ home }: Home): string {
  return path.join(home, "embeddings");
}

/** Logs of endpoints: calls, output and events of instances. */
export function endpointLogFolder({ home }: Home): string {
  return path.join(home, "logs", "endpoints");
}

/** Inputs and outputs that deployments collect. */
export function collectedFolder({ home }: Home): string {
  return path.join(home, "collected");
}

/** Documents that other programs have handed over. */
export function uploadFolder({ home }: Home): string {
  return path.join(home, "uploads");
}

/** Indexes of the search service, a folder each. */
export function documentFolder({ home }: Home): string {
  return path.join(home, "documents");
}

/** The files of flows as they were when their deployments were applied. */
export function flowFolder({ home }: Home): string {
  return path.join(home, "flows");
}
