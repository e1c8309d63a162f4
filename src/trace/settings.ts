// Where telemetry goes, from the configuration and the standard's variables.

import { FlowsteadError } from "../base/error/error.ts";
import type { ExportTarget } from "./exporter.ts";
import type { Attributes } from "./span.ts";

export interface TelemetrySettings {
  traces: ExportTarget | undefined;
  metrics: ExportTarget | undefined;
  /** Whether inputs and outputs are recorded. */
  content: boolean;
  resource: Attributes;
  /** On every metric. */
  dimensions: Readonly<Record<string, string>>;
  metricIntervalMs: number;
  /** How long spans may wait for company. */
  spanDelayMs: number;
}

/** `telemetry:` of the configuration. */
export interface TelemetryConfig {
  otlp_endpoint?: string | undefined;
  protocol?: "http/protobuf" | "http/json" | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  content?: boolean | undefined;
  service_name?: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Undefined when no endpoint is configured: then nothing is traced and nothing counted. The configuration wins over the variables.
 * @throws FlowsteadError `InvalidConfig`, which names the variable.
 */
export function telemetrySettings(
  config: TelemetryConfig,
  env: Variables,
  dimensions: Readonly<Record<string, string>> = {},
): TelemetrySettings | undefined {
  if (isTrue(env.OTEL_SDK_DISABLED)) return undefined;
  const noTraces = isTrue(env.PF_BUILTIN_TRACE_EXPORTERS_DISABLE) || isTrue(env.PF_DISABLE_TRACING);
  const traces = noTraces ? undefined : exportTarget("TRACES", config, env);
  const metrics = exportTarget("METRICS", config, env);
  if (!traces && !metrics) return undefined;
  return {
    traces,
    metrics,
    content: config.content ?? isTrue(env.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT),
    resource: {
      ...pairs(env.OTEL_RESOURCE_ATTRIBUTES),
      "service.name": config.service_name ?? env.OTEL_SERVICE_NAME ?? "promptflow",
    },
    dimensions,
    metricIntervalMs: milliseconds(env, "OTEL_METRIC_EXPORT_INTERVAL", 60_000),
    spanDelayMs: milliseconds(env, "OTEL_BSP_SCHEDULE_DELAY", 5_000),
  };
}

function exportTarget(signal: "TRACES" | "METRICS", config: TelemetryConfig, env: Variables): ExportTarget | undefined {
  if (env[`OTEL_${signal}_EXPORTER`] === "none") return undefined;
  const of = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_${signal}_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
  const own = config.otlp_endpoint === undefined ? env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] : undefined;
  const base = config.otlp_endpoint ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const text = own || (base ? `${base.replace(/\/$/, "")}/v1/${signal.toLowerCase()}` : undefined);
  if (!text) return undefined;
  return {
    url: checkedUrl(text, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`),
    protocol: protocolOf(config.protocol ?? of("PROTOCOL")),
    headers: { ...pairs(of("HEADERS")), ...config.headers },
    timeoutMs: milliseconds(env, "OTEL_EXPORTER_OTLP_TIMEOUT", 10_000),
    gzip: of("COMPRESSION") === "gzip",
  };
}

function checkedUrl(text: string, name: string): string {
  const url = URL.parse?.(text) ?? (URL.canParse(text) ? new URL(text) : null);
  if (url?.protocol === "http:" || url?.protocol === "https:") return text;
  throw new FlowsteadError(
    "InvalidConfig",
    `The OTLP endpoint (telemetry.otlp_endpoint, or ${name}) must be an http or https URL, such as http://127.0.0.1:4318.`,
  );
}

function protocolOf(text: string | undefined): ExportTarget["protocol"] {
  if (text === undefined || text === "http/protobuf" || text === "http/json") return text ?? "http/protobuf";
  throw new FlowsteadError(
    "InvalidConfig",
    `OTEL_EXPORTER_OTLP_PROTOCOL is "${text}"; this program speaks http/protobuf and http/json. Collectors take both on port 4318.`,
  );
}

function milliseconds(env: Variables, name: string, usual: number): number {
  const text = env[name];
  if (!text) return usual;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new FlowsteadError("InvalidConfig", `${name} must be a number of milliseconds above 0, not "${text}".`);
}

/** `a=1,b=2`, values percent-encoded. */
function pairs(text: string | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of (text ?? "").split(",")) {
    const at = pair.indexOf("=");
    if (at <= 0) continue;
    const value = pair.slice(at + 1).trim();
    try {
      found[pair.slice(0, at).trim()] = decodeURIComponent(value);
    } catch {
      found[pair.slice(0, at).trim()] = value;
    }
  }
  return found;
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === "true";
}
