// Every setting, once: its name, type, default and meaning. docs/configuration.md is generated from here.

import { z } from "zod";
import { gatewaySchema, poolSchema } from "./gateway-schema.ts";
import { embedder, model, poolMember } from "./model-schema.ts";

const port = z.int().min(0).max(65535);

/** As the original has it for endpoints and deployments. It stands in headers and in names of sockets. */
const endpointName = z
  .string()
  .regex(/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, "Use letters, digits and hyphens, beginning with a letter")
  .min(3)
  .max(32);

const reranker = z
  .looseObject({
    provider: z.string().min(1).describe("`cross-encoder` (a server with `/rerank`) or `chat-model`."),
  })
  .describe(
    "A model that puts the best passages of each search in order; without it, or without its answer, words and vectors decide. Beside: candidates (50), timeout_seconds (5). cross-encoder: base_url, api_key, model, wire (`documents` as Cohere, Jina and vLLM have it, `texts` for text-embeddings-inference). chat-model: model, an entry as under `models`.",
  );

const weight = z.number().positive().max(1000).default(1);

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

const regionMember = z.strictObject({
  name: z.string().min(1).describe("Name in logs and states."),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Scoring URI of the remote endpoint, ending in /score."),
  key: z.string().min(1).optional().describe("Its key; `${env:NAME}` reads the environment."),
  endpoint: endpointName.optional().describe("Instead of a url: an endpoint of this system."),
  region: z.string().optional().describe("Where it runs, for logs and states."),
  ...poolMember,
});

const regionalEndpoint = z.strictObject({
  name: endpointName.describe("Name of the endpoint that callers use."),
  members: z.array(regionMember).min(1).describe("The endpoints behind it."),
  probe: probe.describe(
    "Asks each remote member for its /swagger.json; one that fails is left out until it answers again.",
  ),
  request_timeout_ms: z
    .int()
    .min(100)
    .max(300_000)
    .default(180_000)
    .describe("Longest time a call may take, in milliseconds."),
  max_concurrent_requests_per_member: z
    .int()
    .min(1)
    .default(200)
    .describe("Calls per member; twice this times the members may be pending before callers get 429."),
});

const trustedIssuer = z
  .strictObject({
    issuer: z.url().describe("As in the tokens' `iss`, such as https://login.microsoftonline.com/TENANT/v2.0."),
    audiences: z
      .array(z.string().min(1))
      .min(1)
      .default(["https://ml.azure.com"])
      .describe("One of these has to be in the token's `aud`."),
    jwks_uri: z.url().optional().describe("Where its keys are; asked from its discovery document when absent."),
    scopes: z.array(z.string()).default([]).describe("One of these in `scp` or `scope` lets a caller in."),
    roles: z.array(z.string()).default([]).describe("One of these in `roles` or `groups` lets a caller in."),
    subjects: z
      .array(z.string())
      .default([])
      .describe("One of these as `sub`, `oid`, `appid` or `azp` lets a caller in."),
  })
  .refine(({ scopes, roles, subjects }) => scopes.length + roles.length + subjects.length > 0, {
    message: "Name at least one scope, role or subject: a valid token alone lets nobody in.",
  });

const languageTags = /^(?:ar|da|de|en|es|fi|fr|hu|it|nb|nl|no|pt|ro|ru|sv|tr)(?:-[A-Za-z]{2,4})?$/;

export const configSchema = z.strictObject({
  home: z.string().min(1).default(".flowstead").describe("State folder: conversations, index, keys, logs."),
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address to listen on. Anything but loopback is refused, since the page has no sign-in."),
  port: port
    .default(8080)
    .describe("Port to listen on; when it is taken and was not asked for, the next free one is used."),
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
  search: z
    .strictObject({
      provider: z
        .enum(["embedded", "postgres", "azure-ai-search", "opensearch"])
        .default("embedded")
        .describe("Where indexes are kept: in the state folder, a PostgreSQL database, or a search service."),
      url: z
        .string()
        .optional()
        .describe("Address: postgres://USER:PASSWORD@HOST/NAME, or https://HOST of an Azure AI Search or OpenSearch."),
      api_key: z.string().optional().describe("Admin key of the Azure AI Search service."),
      auth: z
        .looseObject({ type: z.string() })
        .optional()
        .describe("An Entra identity instead of the key, as `auth` of an Azure OpenAI model."),
      username: z.string().optional().describe("For OpenSearch, with `password`."),
      password: z.string().optional().describe("For OpenSearch."),
      ca_file: z.string().optional().describe("Certificates to trust for the service, as PEM."),
      word_weight: weight.describe("How much the ranks by words count in a hybrid search."),
      vector_weight: weight.describe("How much the ranks by vectors count in a hybrid search."),
    })
    .prefault({}),
  connections: z
    .record(z.string(), z.looseObject({ type: z.string() }))
    .default({})
    .describe("Connections that flows name, in the original's YAML form; `${env:NAME}` reads the environment."),
  documents: z
    .strictObject({
      folder: z
        .string()
        .optional()
        .describe(
          "Folder, file, ZIP archive, s3:// or az:// address, indexed at every start; the sample handbook when absent.",
        ),
      watch: z
        .boolean()
        .default(false)
        .describe(
          "Whether changes in `folder` are taken up while the system runs: a folder's at once, a store's by looking.",
        ),
      watch_interval_seconds: z
        .number()
        .min(1)
        .max(86_400)
        .default(60)
        .describe("How often a watched folder or store is looked through, events or not."),
      language: z
        .string()
        .refine(
          (code) => languageTags.test(code),
          "Use one of: ar, da, de, en, es, fi, fr, hu, it, nb, nl, pt, ro, ru, sv, tr.",
        )
        .optional()
        .describe("What documents are written in, as `de`; when absent, each document tells by its function words."),
      s3: z
        .strictObject({
          access_key_id: z.string().optional().describe("AWS_ACCESS_KEY_ID when absent; without any, as anyone may."),
          secret_access_key: z.string().optional().describe("AWS_SECRET_ACCESS_KEY when absent."),
          session_token: z.string().optional().describe("AWS_SESSION_TOKEN when absent."),
          region: z.string().optional().describe("AWS_REGION when absent, else us-east-1."),
          endpoint: z.url().optional().describe("Of a server that speaks S3; AWS_ENDPOINT_URL_S3 when absent."),
        })
        .prefault({})
        .describe("How s3://BUCKET/PREFIX is read."),
      azure_blob: z
        .strictObject({
          account: z.string().optional().describe("AZURE_STORAGE_ACCOUNT when absent."),
          account_key: z.string().optional().describe("AZURE_STORAGE_KEY when absent."),
          sas_token: z.string().optional().describe("AZURE_STORAGE_SAS_TOKEN when absent."),
          access_token: z
            .string()
            .optional()
            .describe("Entra token for https://storage.azure.com; AZURE_STORAGE_ACCESS_TOKEN when absent."),
          connection_string: z.string().optional().describe("AZURE_STORAGE_CONNECTION_STRING when absent."),
          endpoint: z
            .url()
            .optional()
            .describe("Of the blob service; https://ACCOUNT.blob.core.windows.net when absent."),
        })
        .prefault({})
        .describe("How az://CONTAINER/PREFIX and https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX are read."),
      index: z.string().min(1).default("documents").describe("Name of the index that the chat flow searches."),
      groups: z
        .array(z.string().min(1))
        .default([])
        .describe(
          "Groups of the person at the page, as access rules of documents name them; what has none is for all.",
        ),
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
  kubernetes: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .describe("Address of the API server; in a pod, https://kubernetes.default.svc."),
      namespace: z.string().min(1).default("default").describe("Where deployments with the kubernetes driver run."),
      token_file: z
        .string()
        .optional()
        .describe(
          "File with the bearer token, read anew for every call; in a pod, /var/run/secrets/kubernetes.io/serviceaccount/token.",
        ),
      token: z.string().min(1).optional().describe("The token itself; best as `${env:NAME}`."),
      ca_file: z.string().optional().describe("Certificate authority of the API server, PEM."),
    })
    .optional()
    .describe("The cluster that runs deployments with the kubernetes driver."),
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
  identity: z
    .strictObject({
      issuers: z
        .array(trustedIssuer)
        .default([])
        .describe("Identity providers whose tokens open endpoints with auth_mode aad_token."),
      clock_skew_seconds: z.number().min(0).max(300).default(60).describe("By how much their clocks may differ."),
    })
    .prefault({}),
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
