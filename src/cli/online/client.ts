// The control plane as the command line asks it: the running system over loopback, or, when none runs, the same routes over
// the desired state alone, without a server.

import fastify from "fastify";
import path from "node:path";
import { openOnline } from "../../app/online.ts";
import { sleep } from "../../base/abort.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { SILENT } from "../../base/log.ts";
import type { Config } from "../../config/schema.ts";
import { managementRoutes } from "../../entry/route/management.ts";
import { type HttpService, httpService } from "../../network/http-service.ts";
import { type StateLock, lockState } from "../../store/lock.ts";
import { openRecordStore } from "../../store/provider/index.ts";
import { makeStateFolder } from "../../store/state-folder.ts";
import { type HomeOptions, configOf } from "../option.ts";
import { type Announcement, readAnnouncement } from "../running.ts";

export type ArmResource = Record<string, unknown>;

export interface OnlineClient {
  /** The system that runs and does at once what is asked, for calls of its endpoints; none when no system runs. */
  readonly running?: HttpService;
  /** @param place below the workspace, such as `/onlineEndpoints/chat`. @throws what the control plane answers. */
  send(method: "GET" | "PUT" | "POST" | "DELETE", place: string, body?: object): Promise<ArmResource>;
  /** All items of a list, over its pages. */
  list(place: string): Promise<ArmResource[]>;
  /** Sends, and resolves when the operation that this began has ended. */
  finish(method: "PUT" | "DELETE" | "POST", place: string, body?: object): Promise<void>;
}

type Answer = { status: number; headers: (name: string) => string | undefined; body: ArmResource };
type Method = "GET" | "PUT" | "POST" | "DELETE";
type Send = (method: Method, url: string, body?: object) => Promise<Answer>;

const WORKSPACE =
  "/subscriptions/local/resourceGroups/local/providers/Microsoft.MachineLearningServices/workspaces/local";
const VERSION = "api-version=2022-10-01";
const POLL_MS = 250;

/** Runs `work` against the control plane of a state folder. */
export async function withOnline<T>(options: HomeOptions, work: (client: OnlineClient) => Promise<T>): Promise<T> {
  const { config } = configOf(options);
  await makeStateFolder(config.home);
  const lock = await lockUnlessRunning(config.home);
  if (!("release" in lock)) return withLoopback(lock, (send, running) => work(client(send, running)));
  try {
    return await withDesired(config, (send) => work(client(send)));
  } finally {
    await lock.release();
  }
}

async function withDesired<T>(config: Readonly<Config>, work: (send: Send) => Promise<T>): Promise<T> {
  const store = await openRecordStore({ file: path.join(config.home, "flowstead.db") });
  const app = fastify();
  try {
    const online = await openOnline(config, { store, log: SILENT });
    await managementRoutes(app, { control: online.control(), journal: online.journal, token: "local" });
    return await work(async (method, url, body) => {
      const answer = await app.inject({
        method,
        url,
        headers: { authorization: "Bearer local" },
        ...(body ? { payload: body } : {}),
      });
      const text = answer.body === "" ? {} : (answer.json() as ArmResource);
      return { status: answer.statusCode, headers: (name) => answer.headers[name]?.toString(), body: text };
    });
  } finally {
    await app.close();
    await store.close();
  }
}

/** Another command holds the lock for a moment only; a system that is starting, until it says where it answers. */
const WAIT_MS = 30_000;

async function lockUnlessRunning(home: string): Promise<StateLock | Announcement> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    try {
      return await lockState(home);
    } catch (thrown) {
      const error = FlowsteadError.from(thrown);
      if (error.code !== "StateLocked") throw thrown;
      const running = readAnnouncement(home);
      // What a process that was killed had said is not said by the one that holds the lock now.
      if (running && running.pid === error.details?.["pid"]) return running;
      if (Date.now() >= deadline) throw thrown;
      await sleep(50);
    }
  }
}

const ANSWER_MS = 300_000;

async function withLoopback<T>(
  { url, token, certificate }: Announcement,
  work: (send: Send, running: HttpService) => Promise<T>,
): Promise<T> {
  const service = httpService({
    url,
    certificate,
    peer: "The running system",
    failure: "InstanceUnavailable",
    authorize: () => ({}),
    timeoutMs: ANSWER_MS,
    attempts: 1,
  });
  const send: Send = async (method, address, body) => {
    const { pathname, search } = new URL(address, url);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await service.call({ method, path: pathname + search, headers, body });
    const parsed = answer.text === "" ? {} : (JSON.parse(answer.text) as ArmResource);
    return { status: answer.status, headers: (name) => answer.headers[name]?.toString(), body: parsed };
  };
  try {
    return await work(send, service);
  } finally {
    await service.close();
  }
}

function client(send: Send, running?: HttpService): OnlineClient {
  const ask = async (method: Method, url: string, body?: object): Promise<Answer> => {
    const answer = await send(method, url, body);
    if (answer.status < 400) return answer;
    throw refusal(answer);
  };
  const at = (place: string): string => `${WORKSPACE}${place}?${VERSION}`;
  return {
    ...(running ? { running } : {}),
    send: async (method, place, body) => (await ask(method, at(place), body)).body,
    async list(place) {
      const found: ArmResource[] = [];
      let next: string | undefined = at(place);
      while (next !== undefined) {
        const { body }: Answer = await ask("GET", next);
        found.push(...((body["value"] ?? []) as ArmResource[]));
        const link = body["nextLink"];
        next = typeof link === "string" ? pathOf(link) : undefined;
      }
      return found;
    },
    async finish(method, place, body) {
      const answer = await ask(method, at(place), body);
      const operation = answer.headers("azure-asyncoperation");
      while (operation !== undefined) {
        const { body: state } = await ask("GET", pathOf(operation));
        if (state["status"] === "Succeeded") return;
        if (state["status"] === "Failed") throw refusal({ ...answer, status: 500, body: state });
        await sleep(POLL_MS);
      }
    },
  };
}

function pathOf(address: string): string {
  const { pathname, search } = new URL(address);
  return pathname + search;
}

function refusal({ status, body }: Answer): FlowsteadError {
  const { code, message = `The control plane answered ${status}.` } = (body["error"] ?? {}) as Record<string, string>;
  const codes = { ResourceNotFound: "NotFound", UserError: "InvalidSpecification", Conflict: "Conflict" } as const;
  const known = Object.hasOwn(codes, code ?? "") ? codes[code as keyof typeof codes] : "InvalidRequest";
  return new FlowsteadError(known, message, { status });
}
