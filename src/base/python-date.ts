// Dates and times of YAML, which are objects in Python: a `date`, a `datetime`, or ruamel's `TimeStamp`, which remembers its `T`.

import { PythonLiteral } from "./value.ts";

/** What is written as a date and is none; the message is Python's. */
export class LiteralFault extends Error {
  override readonly name = "LiteralFault";
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME =
  /^(\d{4})-(\d{1,2})-(\d{1,2})([Tt]|[ \t]+)(\d{1,2}):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d{1,2})(?::(\d\d))?))?$/;

/** `undefined` for text that is not written as a date. @throws LiteralFault for a day that there is not. */
export function dateLiteral(text: string): PythonLiteral | undefined {
  const date = DATE.exec(text);
  if (date) return dayLiteral(checkedDay(date.slice(1, 4).map(Number)));
  const time = TIME.exec(text);
  return time ? timeLiteral(time) : undefined;
}

function dayLiteral(day: readonly number[]): PythonLiteral {
  const text = isoDay(day);
  return new PythonLiteral({
    wire: { date: [...day] },
    type: "datetime.date",
    text,
    repr: `datetime.date(${day.join(", ")})`,
    key: `date ${text}`,
    plain: text,
    refusal: "(TypeError) Object of type date is not JSON serializable",
  });
}

function timeLiteral([
  ,
  year,
  month,
  day,
  gap,
  hour,
  minute,
  second,
  fraction = "",
  zone,
  ...rest
]: string[]): PythonLiteral {
  const date = checkedDay([Number(year), Number(month), Number(day)]);
  const clock = [Number(hour), Number(minute), Number(second)];
  for (const [index, name] of ["hour", "minute", "second"].entries()) {
    const limit = index === 0 ? 23 : 59;
    if ((clock[index] ?? 0) > limit) throw new LiteralFault(`${name} must be in 0..${limit}`);
  }
  const micro = Math.round(Number(`0.${fraction || "0"}`.slice(0, 9)) * 1e6);
  const [sign, zoneHours = "0", zoneMinutes = "0"] = rest;
  const offset = (sign === "-" ? -1 : 1) * (Number(zoneHours) * 3600 + Number(zoneMinutes) * 60);
  const hasT = gap?.toLowerCase() === "t";
  const type = hasT || zone !== undefined ? "TimeStamp" : "datetime";
  const text = `${isoDay(date)}${hasT ? "T" : " "}${isoClock(clock, micro)}${zone === undefined ? "" : isoOffset(offset)}`;
  const shown = [...date, ...clock.slice(0, 2), ...(micro || clock[2] ? [clock[2]] : []), ...(micro ? [micro] : [])];
  const named = zone === undefined ? "" : `, tzinfo=datetime.timezone(${deltaRepr(offset)}, '${zone}')`;
  const instant = Date.parse(`${isoDay(date)}T${isoClock(clock, 0)}Z`) - offset * 1000;
  return new PythonLiteral({
    wire: {
      time: [...date, ...clock, micro],
      offset: zone === undefined ? null : offset,
      zone: zone ?? null,
      type,
      t: hasT,
    },
    type: type === "datetime" ? "datetime.datetime" : "TimeStamp",
    text,
    repr: `${type === "datetime" ? "datetime.datetime" : type}(${shown.join(", ")}${named})`,
    key: `${zone === undefined ? "naive" : "aware"} ${instant}.${micro}`,
    plain: text,
    refusal: `(TypeError) Object of type ${type} is not JSON serializable`,
  });
}

function checkedDay(date: readonly number[]): readonly number[] {
  const [year = 0, month = 0, day = 0] = date;
  if (year === 0) throw new LiteralFault("year 0 is out of range");
  if (month < 1 || month > 12) throw new LiteralFault("month must be in 1..12");
  const days = [31, year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31];
  if (day < 1 || day > ([...days, 30, 31][month - 1] ?? 31)) throw new LiteralFault("day is out of range for month");
  return date;
}

function isoDay([year = 0, month = 0, day = 0]: readonly number[]): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

function isoClock(clock: readonly number[], micro: number): string {
  return clock.map(two).join(":") + (micro ? `.${String(micro).padStart(6, "0")}` : "");
}

function isoOffset(seconds: number): string {
  const minutes = Math.abs(seconds) / 60;
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function deltaRepr(seconds: number): string {
  if (seconds === 0) return "datetime.timedelta(0)";
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const parts = [...(days ? [`days=${days}`] : []), ...(rest ? [`seconds=${rest}`] : [])];
  return `datetime.timedelta(${parts.join(", ")})`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
