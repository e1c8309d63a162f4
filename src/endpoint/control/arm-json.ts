// How ARM writes values: words in any case, durations of ISO 8601, and null for what is left out.

import { FlowsteadError } from "../../base/error/error.ts";
import { isMap } from "../../base/value.ts";
import type { PlainMap } from "../specification/write-specification.ts";

export function mapOf(value: unknown): PlainMap {
  return isMap(value) ? value : {};
}

/** Without what is not there: null in a body means the default, as if it were left out. */
export function present(map: PlainMap): PlainMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined && value !== null));
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** ARM reads its words in any case. */
export function isWord(value: unknown, word: string): boolean {
  return typeof value === "string" && value.toLowerCase() === word.toLowerCase();
}

export function duration(ms: number): string {
  return `PT${ms / 1000}S`;
}

export function seconds(value: unknown): number | undefined {
  const ms = milliseconds(value);
  return ms === undefined ? undefined : ms / 1000;
}

/** Weeks, months and years have no place in a setting of seconds. */
export function milliseconds(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(
    typeof value === "string" ? value : "",
  );
  if (!match || match.slice(1).every((part) => part === undefined))
    throw new FlowsteadError("InvalidRequest", `${JSON.stringify(value)} is not a duration such as PT5S.`);
  const [days, hours, minutes, secs] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + secs) * 1000);
}
