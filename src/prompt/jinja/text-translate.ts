// `str.maketrans` and `str.translate`: characters for characters.

import { bindNative } from "./bind.ts";
import { fault } from "./fault.ts";
import { characters } from "./text.ts";
import { type Call, type Cell, Dict, typeName } from "./value.ts";

/** The table that `maketrans` makes of one dict, of two texts of one length, or of these and a text of what to drop. */
export function translation(call: Call): Dict {
  const bound = bindNative(["str", "maketrans"], call, ["x"], ["y", "z"]);
  const from = bound.get("x") as Cell;
  if (!bound.has("y")) {
    if (!(from instanceof Dict)) {
      return fault("TypeError", "if you give only one argument to maketrans it must be a dict");
    }
    return Dict.of(
      from.entries().map(([key, value]): [Cell, Cell] => [typeof key === "string" ? point(key) : key, value]),
    );
  }
  if (typeof from !== "string") {
    return fault("TypeError", "first maketrans argument must be a string if there is a second argument");
  }
  const to = characters(bound.text("y", "", (type) => `maketrans() argument 2 must be str, not ${type}`));
  const letters = characters(from);
  if (letters.length !== to.length) fault("ValueError", "the first two maketrans arguments must have equal length");
  const dropped = characters(bound.text("z", "", (type) => `maketrans() argument 3 must be str, not ${type}`));
  return Dict.of([
    ...letters.map((letter, index): [Cell, Cell] => [point(letter), point(to[index] ?? "")]),
    ...dropped.map((letter): [Cell, Cell] => [point(letter), null]),
  ]);
}

export function translate(text: string, table: Cell): string {
  return characters(text)
    .map((letter) => {
      const to = table instanceof Dict ? table.get(point(letter)) : undefined;
      if (to === undefined) return letter;
      if (to === null) return "";
      if (typeof to === "string") return to;
      if (typeof to !== "number" || !Number.isInteger(to)) {
        return fault("TypeError", `character mapping must return integer, None or str, not ${typeName(to)}`);
      }
      if (to < 0 || to > 0x10ffff) fault("ValueError", "character mapping must be in range(0x110000)");
      return String.fromCodePoint(to);
    })
    .join("");
}

function point(letter: string): number {
  if (characters(letter).length !== 1) fault("ValueError", "string keys in translate table must be of length 1");
  return letter.codePointAt(0) ?? 0;
}
