// Every setting, once: its name, type, default and meaning. docs/configuration.md is generated from here.

import { z } from "zod";

const port = z.int().min(0).max(65535);

/** As the original has it for endpoints and deployments. It stands in headers and in names of sockets. */
const endpointName = z
  .string()
  .regex(/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, "Use letters, digits and hyphens, beginning with a letter")
  .min(3)
  .max(32);

const model = z
  .looseObject({
    name: z
      .string()
      .min(1)
      .default("default")
      .describe("Name that flows use as their `connection`; entries of one name form one pool."),
    provider: z
      .string()
      .min(1)
      .describe("`openai` (and every server that speaks its API), `azure-openai` or `extractive`."),
    region: z.string().optional().describe("Where the model runs, for logs and routing."),
    priority: z
      .int()
      .min(0)
      .default(0)
      .describe("Members with the lowest number are used first; the others when those are out."),
    weight: z.number().positive().default(1).describe("Share of calls among members of one priority."),
  })
  .describe(
    "One model, or one region of it. The provider's own settings stand beside these: base_url, api_key, model, endpoint, deployment, api_version.",
  );

const embedder = z
  .looseObject({ provider: z.string().min(1).describe("`openai` or `azure-openai`.") })
  .describe("Turns texts into vectors for hybrid search; without one, search is by words alone.");

const seconds = z.number().positive().max(3600);

const probe = z
  .strictObject({
    initial_delay: z.number().min(0).max(3600).default(2).describe("Seconds from its start to the first probe."),
    period: seconds.default(2).describe("Seconds between probes."),
    timeout: seconds.default(2).describe("Seconds that an answer may take."),
    success_threshold: z.int().min(1).default(1).describe("Probes in a row that let an instance in."),
    failure_threshold: z.int().min(1).default(3).describe("Probes in a row that count as failed."),
  })
  .prefault({});

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "Write the time as HH:MM");

const schedule = z.strictObject({
  days: z
    .array(z.enum(["sun", "mon", "tue", "wed", "thu", "fri", "sat"]))
    .default([])
    .describe("Days it begins on; every day when empty."),
  start: clock.describe("Local time."),
  end: clock.describe("Local time; a span whose end is before its start goes over midnight."),
  min_instances: z.int().min(1).max(50).describe("Instances at least."),
  max_instances: z.int().min(1).max(50).describe("Instances at most."),
});

export const configSchema = z.strictObject({
  home: z.string().min(1).default(".flowstead").describe("State folder: conversations, index, keys, logs."),
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address to listen on. Anything but loopback is refused until TLS and sign-in are configured."),
  port: port
    .default(8080)
    .describe("Port to listen on; when it is taken and was not asked for, the next free one is used."),
  log: z
    .strictObject({
      level: z
        .enum(["debug", "info", "warn", "error", "silent"])
        .default("info")
        .describe("Least level that is logged."),
    })
    .prefault({}),
  models: z
    .array(model)
    .default([])
    .describe("Models. When empty: Azure OpenAI or OpenAI from the environment, else the built-in extractive model."),
  embedder: embedder.optional(),
  connections: z
    .record(z.string(), z.looseObject({ type: z.string() }))
    .default({})
    .describe("Connections that flows name, in the original's YAML form; `${env:NAME}` reads the environment."),
  documents: z
    .strictObject({
      folder: z.string().optional().describe("Indexed at the first start; the shipped sample handbook when absent."),
      index: z.string().min(1).default("documents").describe("Name of the index that the chat flow searches."),
    })
    .prefault({}),
  endpoint: z
    .strictObject({
      name: endpointName.default("chat").describe("Name of the online endpoint."),
      deployment: endpointName.default("blue").describe("Name of its deployment."),
      flow: z.string().optional().describe("Folder of the flow to deploy; the shipped chat-with-docs when absent."),
      instances: z.int().min(1).max(50).default(3).describe("Flow instances, spread evenly over the zones."),
      zones: z.array(z.string().min(1)).min(1).default(["1", "2", "3"]).describe("Zone labels."),
      zone: z
        .string()
        .min(1)
        .optional()
        .describe("Zone of the router; instances there are preferred while they are not busier."),
      max_instances: z
        .int()
        .min(1)
        .max(50)
        .optional()
        .describe(
          "Scales between `instances` and this many, by calls in work; when absent, there are always `instances`.",
        ),
      target_utilization_percentage: z
        .int()
        .min(1)
        .max(100)
        .default(70)
        .describe("Calls in work over calls allowed, in percent, that scaling aims at."),
      schedules: z
        .array(schedule)
        .default([])
        .describe("Spans in which other bounds hold for scaling; the first that matches counts."),
      liveness_probe: probe.describe("An instance that fails it is ended and started anew."),
      readiness_probe: probe.describe("An instance that fails it takes no calls until it passes again."),
      request_timeout_ms: z
        .int()
        .min(100)
        .max(300_000)
        .default(180_000)
        .describe("Longest time a call may take, in milliseconds."),
      max_concurrent_requests_per_instance: z
        .int()
        .min(1)
        .default(50)
        .describe("Calls per instance; twice this times the instances may be pending before callers get 429."),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      otlp_endpoint: z
        .string()
        .optional()
        .describe(
          "OTLP collector for traces and metrics over HTTP, such as http://127.0.0.1:4318; else the OTEL_EXPORTER_OTLP_ variables. Nothing is traced without one.",
        ),
      protocol: z
        .enum(["http/protobuf", "http/json"])
        .optional()
        .describe("How it is written; http/protobuf when absent."),
      headers: z.record(z.string(), z.string()).optional().describe("Sent with every export, such as a key."),
      content: z
        .boolean()
        .optional()
        .describe("Whether inputs, outputs and prompts are recorded in traces, too. They may be personal."),
      service_name: z.string().min(1).optional().describe("`service.name` of traces; promptflow when absent."),
    })
    .prefault({}),
  chat: z
    .strictObject({
      title: z.string().min(1).default("Flowstead").describe("Name on the chat page."),
      examples: z.array(z.string().min(1)).max(8).optional().describe("Example questions on the empty page."),
    })
    .prefault({}),
  python: z
    .string()
    .min(1)
    .optional()
    .describe("Python interpreter for flows with Python nodes; by default the flow's own `.venv`, else `python3`."),
});

export type Config = z.output<typeof configSchema>;
export type ModelEntry = Config["models"][number];
