import type { ProbeSpec } from "./deployment-spec.ts";
import type { SpecReader } from "./spec-reader.ts";

const SECONDS = { min: 1, max: 86_400 };
const COUNT = { min: 1, max: 10_000 };

/** The five fields with the original's defaults; seconds become milliseconds. */
export function readProbe(reader: SpecReader, key: string): ProbeSpec {
  const section = reader.section(key);
  const probe = {
    initialDelayMs: 1000 * (section?.whole("initial_delay", { ...SECONDS, min: 0 }) ?? 10),
    periodMs: 1000 * (section?.whole("period", SECONDS) ?? 10),
    timeoutMs: 1000 * (section?.whole("timeout", SECONDS) ?? 2),
    successThreshold: section?.whole("success_threshold", COUNT) ?? 1,
    failureThreshold: section?.whole("failure_threshold", COUNT) ?? 30,
  };
  for (const name of ["path", "port", "scheme", "method"])
    section?.ignore(name, "the environment's inference_config says it");
  section?.finish();
  return probe;
}
