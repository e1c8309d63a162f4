// Every setting, once: its name, type, default and meaning. docs/configuration.md is generated from here.

import { z } from "zod";
import { endpointName, endpointSchema, kubernetesSchema, regionalEndpoint } from "./endpoint-schema.ts";
import { gatewaySchema, poolSchema } from "./gateway-schema.ts";
import { identitySchema } from "./identity-schema.ts";
import { embedder, model } from "./model-schema.ts";
import { documentsSchema, reranker, searchSchema } from "./search-schema.ts";

const port = z.int().min(0).max(65535);

export const configSchema = z.strictObject({
  home: z
    .string()
    .min(1)
    .default(".flowstead")
    .describe(
      "State folder: conversations, index, keys, logs. Where nobody names one, `flow`, `run`, `connection`, `config` and `tool` take the nearest .flowstead in or above the working folder, else ~/.flowstead.",
    ),
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address to listen on. Anything but loopback is refused, since the page has no sign-in."),
  port: port
    .default(8080)
    .describe("Port to listen on; when it is taken and was not asked for, the next free one is used."),
  hosts: z
    .array(z.string().regex(/^[\w.-]+$/, "must be a host name without scheme and port"))
    .default([])
    .describe(
      "Names by which callers reach it, beside this machine's own and those of the certificate: a reverse proxy's.",
    ),
  tls: z
    .strictObject({
      cert_file: z.string().min(1).describe("The server's certificate and those between it and its authority, PEM."),
      key_file: z.string().min(1).describe("Its private key, PEM without a passphrase."),
    })
    .optional()
    .describe("Serves https in place of http, TLS 1.2 or newer. Changed files are taken up without a restart."),
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
  pool: poolSchema.describe("How pools of models pick, retry and probe."),
  gateway: gatewaySchema.describe("Who may call the models, and how much."),
  embedder: embedder.optional(),
  reranker: reranker.optional(),
  search: searchSchema,
  shared_home: z
    .string()
    .optional()
    .describe(
      "State folder whose connections count besides those of `home`, which win. Default: the person's own, ~/.flowstead, where nobody names `home`; an empty text means none.",
    ),
  connections: z
    .record(z.string(), z.looseObject({ type: z.string() }))
    .default({})
    .describe("Connections that flows name, in the original's YAML form; `${env:NAME}` reads the environment."),
  documents: documentsSchema,
  endpoint: endpointSchema,
  kubernetes: kubernetesSchema,
  regional_endpoints: z
    .array(regionalEndpoint)
    .default([])
    .describe("Endpoints of endpoints: clusters in several regions behind one name, with health checks and failover."),
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
  identity: identitySchema,
  chat: z
    .strictObject({
      endpoint: endpointName.optional().describe("Endpoint that the chat page calls; the one above when absent."),
      deployment: endpointName
        .optional()
        .describe("Its deployment that answers the page, whatever the traffic; when absent, traffic decides."),
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
