// Python's `str.format`. Field names go through the same guarded access as the template itself.

import { fault } from "./fault.ts";
import { formatValue } from "./format-spec.ts";
import type { Tools } from "./method.ts";
import { ascii, repr, str } from "./text.ts";
import type { Call, Cell } from "./value.ts";

const FIELD = /^([^.[!:]*)((?:\.[^.[!:]+|\[[^\]]+\])*)(?:!([^:]))?(?::([^]*))?$/;

export function strFormat(template: string, call: Call, context: Tools): string {
  let next = 0;
  let numbering: "automatic" | "manual" | undefined;
  const field = (body: string): string => {
    const match = FIELD.exec(body);
    if (!match) {
      const wrong = body.endsWith("!") ? "unmatched '{' in format spec" : "expected '}' before end of string";
      return fault("ValueError", wrong);
    }
    const [, name = "", path = "", conversion, specification = ""] = match;
    if (name === "" ? numbering === "manual" : /^\d+$/.test(name) && numbering === "automatic") {
      fault("ValueError", "cannot switch from manual field specification to automatic field numbering");
    }
    if (name === "" || /^\d+$/.test(name)) numbering = name === "" ? "automatic" : "manual";
    if (conversion !== undefined && !"rsa".includes(conversion)) {
      fault("ValueError", `Unknown conversion specifier ${conversion}`);
    }
    let value = name === "" ? positional(call, next++) : named(call, name);
    for (const [, attribute, key] of path.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
      value =
        attribute === undefined
          ? context.access.item(value, /^\d+$/.test(key ?? "") ? Number(key) : (key ?? ""))
          : context.access.attribute(value, attribute);
    }
    const shown =
      conversion === undefined
        ? value
        : conversion === "s"
          ? str(value)
          : conversion === "r"
            ? repr(value)
            : ascii(value);
    return formatValue(shown, expand(specification, field), context.budget);
  };
  return expand(template, field);
}

function positional(call: Call, index: number): Cell {
  const value = call.args[index];
  if (value !== undefined) return value;
  return fault("IndexError", "tuple index out of range");
}

function named(call: Call, name: string): Cell {
  if (/^\d+$/.test(name)) return positional(call, Number(name));
  const value = call.named.get(name);
  return value === undefined ? fault("KeyError", `'${name}'`) : value;
}

/** Replaces `{field}`, undoubles `{{` and `}}`; a field may hold fields one level deep, in its format. */
function expand(template: string, field: (body: string) => string): string {
  let out = "";
  for (let at = 0; at < template.length; at++) {
    const char = template[at] ?? "";
    if ((char === "{" || char === "}") && template[at + 1] === char) {
      out += char;
      at++;
    } else if (char === "}") {
      fault("ValueError", "Single '}' encountered in format string");
    } else if (char === "{") {
      let depth = 1;
      let end = at + 1;
      for (; end < template.length && depth > 0; end++)
        depth += template[end] === "{" ? 1 : template[end] === "}" ? -1 : 0;
      if (depth > 0) {
        fault(
          "ValueError",
          at + 1 < template.length ? "expected '}' before end of string" : "Single '{' encountered in format string",
        );
      }
      out += field(template.slice(at + 1, end - 1));
      at = end - 1;
    } else out += char;
  }
  return out;
}
