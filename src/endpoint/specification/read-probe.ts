import type { ProbeSpec } from "./deployment-spec.ts";
import type { SpecReader } from "./spec-reader.ts";

/** The original has whole seconds; parts of one are taken too. */
const SECONDS = { min: 0.01, max: 86_400 };
const COUNT = { min: 1, max: 10_000 };

/** The five fields with the original's defaults; seconds become milliseconds. */
export function readProbe(reader: SpecReader, key: string): ProbeSpec {
  const section = reader.section(key);
  const probe = {
    initialDelayMs: ms(section?.number("initial_delay", { ...SECONDS, min: 0 }) ?? 10),
    periodMs: ms(section?.number("period", SECONDS) ?? 10),
    timeoutMs: ms(section?.number("timeout", SECONDS) ?? 2),
    successThreshold: section?.whole("success_threshold", COUNT) ?? 1,
    failureThreshold: section?.whole("failure_threshold", COUNT) ?? 30,
  };
  for (const name of ["path", "port", "scheme", "method"])
    section?.ignore(name, "the environment's inference_config says it");
  section?.finish();
  return probe;
}

function ms(seconds: number): number {
  return Math.round(seconds * 1000);
}
