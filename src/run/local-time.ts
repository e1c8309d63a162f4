// A time as a person here reads it on the clock, in parts of fixed length, as names and logs of runs have it.

type LocalTime = Record<"year" | "month" | "day" | "hour" | "minute" | "second" | "zone", string>;

/** `zone` is the offset from UTC, such as +0100. */
export function localTime(time: Date): LocalTime {
  const offset = -time.getTimezoneOffset();
  const minutes = Math.abs(offset);
  return {
    year: String(time.getFullYear()),
    month: two(time.getMonth() + 1),
    day: two(time.getDate()),
    hour: two(time.getHours()),
    minute: two(time.getMinutes()),
    second: two(time.getSeconds()),
    zone: `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`,
  };
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
