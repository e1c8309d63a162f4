// What the original has no words for stands in `properties`, where its own tools let any text pass: the file stays valid there.

import type { DriverSpec, ScaleSchedule } from "./deployment-spec.ts";
import type { SpecReader } from "./spec-reader.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const SCHEDULE = /^(?:([a-z]{3})(?:-([a-z]{3}))?\s+)?(\d\d:\d\d)-(\d\d:\d\d)\s+(\d+)-(\d+)$/;

/** From `flowstead.driver` and its companions `flowstead.urls`, `.key`, `.image` and `.namespace`. */
export function readDriver(reader: SpecReader, properties: Readonly<Record<string, string>>): DriverSpec {
  const { "flowstead.driver": type = "process", "flowstead.image": image } = properties;
  const of = <Key extends string>(key: Key): { [K in Key]?: string } => {
    const value = properties[`flowstead.${key}`];
    return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: string };
  };
  switch (type) {
    case "process":
      return { type };
    case "container":
      return { type, ...(image === undefined ? {} : { image }) };
    case "remote": {
      const urls = (properties["flowstead.urls"] ?? "").split(/[\s,]+/).filter(Boolean);
      if (urls.length === 0 || !urls.every((url) => URL.canParse(url))) {
        reader.refuse("properties", "the driver remote needs `flowstead.urls`: addresses with commas between");
      }
      return { type, urls, ...of("key") };
    }
    case "kubernetes":
      return { type, ...of("namespace"), ...of("image") };
    default:
      reader.refuse("properties", `flowstead.driver "${type}" is none of process, container, remote, kubernetes`);
      return { type: "process" };
  }
}

/** `mon-fri 08:00-18:00 2-10; 22:00-06:00 1-1`: spans of local time with the bounds that hold in them. */
export function readSchedules(reader: SpecReader, text: string | undefined): ScaleSchedule[] {
  if (text === undefined) return [];
  return text.split(";").flatMap((part) => {
    const match = SCHEDULE.exec(part.trim().toLowerCase());
    const [, from, to = from, start = "", end = "", min, max] = match ?? [];
    const days = from === undefined ? [] : daysFrom(from, to ?? from);
    if (!match || !days || Number(min) > Number(max) || Number(max) < 1) {
      reader.refuse("properties", `flowstead.schedules "${part.trim()}" is not of the form "mon-fri 08:00-18:00 2-10"`);
      return [];
    }
    return [{ days, start, end, minInstances: Number(min), maxInstances: Number(max) }];
  });
}

function daysFrom(first: string, last: string): string[] | undefined {
  const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
  if (from < 0 || to < 0) return undefined;
  return from <= to ? DAYS.slice(from, to + 1) : [...DAYS.slice(from), ...DAYS.slice(0, to + 1)];
}
