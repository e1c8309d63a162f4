// JSON as Python's `json.dumps` writes it: a blank after each comma and colon, ASCII only, floats as Python prints them.

import { type Value, isMap, pyFloat, pyStr } from "./value.ts";

export function pythonJson(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (isMap(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${pythonJsonText(key)}: ${pythonJson(item)}`)
      .join(", ")}}`;
  }
  if (typeof value === "string") return pythonJsonText(value);
  if (value === null || typeof value === "boolean") return String(value);
  return typeof value === "number" && !Number.isInteger(value) ? pyFloat(value) : pyStr(value);
}

export function pythonJsonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
