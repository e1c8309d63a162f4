// The record of a run, as `run show` prints it, and what is needed to go on with it.

import { z } from "zod";
import type { ValueMap } from "../base/value.ts";
import { localTime } from "./local-time.ts";

const STATUSES = ["NotStarted", "Running", "Completed", "Failed", "Canceled"] as const;

const text = z.string();
const texts = z.record(text, text);

export const runInfoSchema = z.object({
  name: text,
  status: z.enum(STATUSES),
  display_name: text,
  description: text.nullable(),
  tags: texts,
  /** ISO 8601. */
  created_on: text,
  end_time: text.nullable(),
  flow_name: text,
  is_archived: z.boolean(),
  /** What was asked for; paths are absolute. */
  request: z.object({
    flow: text,
    data: text.nullable(),
    run: text.nullable(),
    column_mapping: z.custom<ValueMap>((value) => typeof value === "object").nullable(),
    variant: text.nullable(),
    environment_variables: texts,
    resume_from: text.nullable(),
    /** Values by node and key in place of the flow's. */
    connections: z.record(text, texts).default({}),
    /** For the constructor of a flex flow's class. */
    init: z.custom<ValueMap>((value) => typeof value === "object").default({}),
  }),
  properties: texts,
  system_metrics: z.record(text, z.number()),
});

export type RunInfo = z.infer<typeof runInfoSchema>;
export type RunRequest = RunInfo["request"];

/** The record in the original's form. Values of environment variables are left out: they may be secrets. */
export function shownRun(info: RunInfo, folder: string, error?: unknown): object {
  const { request, system_metrics, properties } = info;
  const visible = Object.entries(system_metrics).filter(([name]) => !name.startsWith("__pf__"));
  const shown = {
    name: info.name,
    // What reads such records, Python's fromisoformat before 3.11 among them, does not know the Z.
    created_on: info.created_on.replace(/(\.\d{3})Z$/, "$1000+00:00"),
    status: info.status,
    display_name: info.display_name,
    description: info.description,
    tags: Object.keys(info.tags).length === 0 ? null : info.tags,
    properties: {
      flow_path: request.flow,
      output_path: folder,
      ...(request.column_mapping ? { column_mapping: request.column_mapping } : {}),
      ...(Object.keys(request.init).length === 0 ? {} : { init_kwargs: request.init }),
      ...(request.resume_from === null ? {} : { resume_from: request.resume_from }),
      ...properties,
      system_metrics: Object.fromEntries(visible),
    },
    flow_name: info.flow_name,
    data: request.data,
    output: `${folder}/flow_outputs`,
  };
  return { ...shown, ...(request.run === null ? {} : { run: request.run }), ...(error === undefined ? {} : { error }) };
}

/**
 * As the original names runs: `<folder>_<variant>_<time>`, for flex flows and prompties without a variant. All in small
 * letters, with one _ between words, and of the local time to the microsecond.
 */
export function defaultRunName(folder: string, variant: string | undefined, now = new Date()): string {
  const { year, month, day, hour, minute, second } = localTime(now);
  const microseconds = `${String(now.getMilliseconds()).padStart(3, "0")}000`;
  const words = [folder, variant ?? "", `${year}${month}${day}`, `${hour}${minute}${second}`, microseconds]
    .join(" ")
    .toLowerCase();
  const name = words.match(/[\p{L}\p{N}]+/gu)?.join("_") ?? "";
  return /^\p{Nd}/u.test(name) ? `n${name}` : name;
}

/** A display name with the original's macros filled in; one that says nothing here stays. */
export function filledName(text: string, values: { run: string | null; variant: string | undefined }): string {
  const { year, month, day, hour, minute } = localTime(new Date());
  const filled: Record<string, string | null | undefined> = {
    "${run}": values.run,
    "${timestamp}": `${year}${month}${day}${hour}${minute}`,
    "${variant_id}": values.variant,
  };
  return text.replace(/\$\{(?:run|timestamp|variant_id)\}/g, (macro) => filled[macro] ?? macro);
}
