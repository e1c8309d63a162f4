import type { ScaleSchedule } from "./specification/deployment-spec.ts";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** The first schedule whose span holds the time, which is local; a span over midnight belongs to the day it begins on. */
export function activeSchedule(schedules: readonly ScaleSchedule[], time: Date): ScaleSchedule | undefined {
  const day = time.getDay();
  const minute = time.getHours() * 60 + time.getMinutes();
  return schedules.find(({ days, start, end }) => {
    const isOn = (number: number): boolean => days.length === 0 || days.includes(DAYS[(number + 7) % 7] as string);
    const [from, to] = [minutes(start), minutes(end)];
    if (from < to) return isOn(day) && minute >= from && minute < to;
    return (isOn(day) && minute >= from) || (isOn(day - 1) && minute < to);
  });
}

function minutes(clock: string): number {
  const [hours, rest] = clock.split(":");
  return Number(hours) * 60 + Number(rest ?? 0);
}
