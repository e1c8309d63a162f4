// The three logs of an endpoint, with the original's columns: calls (traffic), what instances print (console), and what becomes
// of instances (events). Lines of JSON in rolling files below one folder; no secret is written.

import path from "node:path";
import { type Logger, SILENT } from "../../base/log.ts";
import type { Redact } from "./redaction.ts";
import { type RollingFile, rollingFile } from "./rolling-file.ts";
import { writeTrouble } from "./write-trouble.ts";

export interface Place {
  endpoint: string;
  deployment: string;
}

/** The original's words, which are those of Kubernetes. */
export type InstanceEventName =
  | "BackOff"
  | "Pulled"
  | "Created"
  | "Started"
  | "Killing"
  | "LivenessProbeFailed"
  | "ReadinessProbeFailed";

/** Columns of `AmlOnlineEndpointTrafficLog`. Sizes in bytes, durations in milliseconds. */
export interface TrafficLine {
  Method: string;
  Path: string;
  EndpointName: string;
  /** Empty when none was chosen. */
  DeploymentName: string;
  Protocol: string;
  ResponseCode: number;
  ResponseCodeReason: string;
  ModelStatusCode?: number;
  ModelStatusReason?: string;
  RequestPayloadSize: number;
  ResponsePayloadSize: number;
  UserAgent: string;
  XRequestId: string;
  XMSClientRequestId?: string;
  TotalDurationMs: number;
  /** Until the request was read. */
  RequestDurationMs: number;
  /** Until the first byte of the answer. */
  ResponseDurationMs: number;
  RequestThrottlingDelayMs: number;
  ResponseThrottlingDelayMs: number;
}

interface EventLine {
  TimeGenerated: string;
  InstanceId: string;
  DeploymentName: string;
  Name: InstanceEventName;
  Message: string;
}

interface ConsoleLine {
  TimeGenerated: string;
  InstanceId: string;
  DeploymentName: string;
  ContainerName: "inference-server";
  Message: string;
}

export interface Journal {
  traffic(line: TrafficLine): void;
  /** A line that an instance printed. */
  console(place: Place, instance: string, message: string): void;
  event(place: Place, instance: string, what: { name: InstanceEventName; message: string }): void;
  /** What `get-logs` prints: the last events, and the last lines of the console. */
  text(
    place: Place,
    options: { lines: number; container: "inference-server" | "storage-initializer" },
  ): Promise<string>;
  flush(): Promise<void>;
}

const LONGEST_MESSAGE = 16_384;
const EVENTS_SHOWN = 50;

export interface JournalOptions {
  folder: string;
  redact: Redact;
  /** Told when lines cannot be kept. */
  log?: Logger;
}

export function openJournal({ folder, redact, log = SILENT }: JournalOptions): Journal {
  const files = new Map<string, RollingFile>();
  const trouble = writeTrouble({ log, what: "The log of endpoints" });
  const fileOf = (...names: string[]): RollingFile => {
    const name = path.join(...names);
    let file = files.get(name);
    if (!file) {
      file = rollingFile(path.join(folder, name), { trouble });
      files.set(name, file);
    }
    return file;
  };
  const clean = (message: string): string => redact(message.slice(0, LONGEST_MESSAGE));
  const now = (): string => new Date().toISOString();

  return {
    traffic(line) {
      // Whoever calls chooses the path and the agent's name.
      const safe = { ...line, Path: clean(line.Path), UserAgent: clean(line.UserAgent.slice(0, 70)) };
      fileOf(line.EndpointName, "traffic.jsonl").write(JSON.stringify({ TimeGenerated: now(), ...safe }));
    },
    console({ endpoint, deployment }, instance, message) {
      const line: ConsoleLine = {
        TimeGenerated: now(),
        InstanceId: instance,
        DeploymentName: deployment,
        ContainerName: "inference-server",
        Message: clean(message),
      };
      fileOf(endpoint, deployment, "console.jsonl").write(JSON.stringify(line));
    },
    event({ endpoint, deployment }, instance, { name, message }) {
      const line: EventLine = {
        TimeGenerated: now(),
        InstanceId: instance,
        DeploymentName: deployment,
        Name: name,
        Message: clean(message),
      };
      fileOf(endpoint, deployment, "event.jsonl").write(JSON.stringify(line));
    },
    async text({ endpoint, deployment }, { lines, container }) {
      const events = (await fileOf(endpoint, deployment, "event.jsonl").tail(EVENTS_SHOWN)).map(
        (text) => JSON.parse(text) as EventLine,
      );
      const head = events.map(
        ({ TimeGenerated, InstanceId, Name, Message }) =>
          `Kind: Instance, Name: ${Name}, Instance: ${InstanceId}, Time: ${TimeGenerated}, Message: ${Message}`,
      );
      // Nothing is fetched for an instance: its files are there before it starts, so this container says only what became of it.
      if (container === "storage-initializer") return `${["Instance events:", ...head.slice(-lines)].join("\n")}\n`;
      const output = (await fileOf(endpoint, deployment, "console.jsonl").tail(lines)).map(
        (text) => JSON.parse(text) as ConsoleLine,
      );
      const body = output.map(({ TimeGenerated, InstanceId, Message }) => `${TimeGenerated} ${InstanceId} ${Message}`);
      return `${["Instance events:", ...head, "", "Instance logs:", ...body].join("\n")}\n`;
    },
    flush: async () => {
      await Promise.all([...files.values()].map((file) => file.flush()));
    },
  };
}
