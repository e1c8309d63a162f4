// Text that is HTML already, as `safe`, `escape` and `tojson` make it: no second `escape` changes it, and what is joined to
// it or put into it is escaped first. In a list it is a text like any other.

import { RenderedText } from "../rendered-text.ts";
import { escapeHtml } from "./html.ts";
import { type Call, Callable, type Cell, Dict, Tuple, Undefined } from "./value.ts";

export class Markup extends RenderedText {
  static override of(text: string, user = false): Markup {
    return new Markup(RenderedText.of(text, user).fragments);
  }

  /** The same text, all of it a user's. */
  get asUser(): Markup {
    return Markup.of(this.text, true);
  }
}

/** Filters whose text is HTML. */
const MAKING = new Set(["safe", "escape", "e", "forceescape", "tojson"]);
/** Filters whose text is HTML where what they got was. */
const KEEPING = new Set(["upper", "lower", "capitalize", "trim", "center", "indent", "truncate", "reverse", "format"]);

/** What a filter has made of a value, as HTML where it is. */
export function filtered(name: string, value: Cell, result: Cell): Cell {
  const isMarkup = MAKING.has(name) || (value instanceof Markup && KEEPING.has(name));
  return isMarkup ? asMarkup(result) : result;
}

/** A text as HTML; anything else as it is. */
export function asMarkup(value: Cell): Cell {
  return typeof value === "string" ? Markup.of(value) : value;
}

/** A text as it may stand within HTML. */
export function escaped(value: Cell): Cell {
  if (value instanceof Markup) return value;
  if (typeof value === "string") return escapeHtml(value);
  if (value instanceof RenderedText) {
    return new RenderedText(value.fragments.map(({ text, user }) => ({ text: escapeHtml(text), user })));
  }
  return value;
}

/** Values to be put into HTML. */
export function escapedWithin(value: Cell): Cell {
  if (value instanceof Tuple) return new Tuple(value.items.map(escaped));
  if (value instanceof Dict) return Dict.of(value.entries().map(([key, item]) => [key, escaped(item)]));
  return escaped(value);
}

/** A method of `str` as HTML has it: what it makes is HTML, and what it puts in is escaped. */
export function markupMethod(name: string, found: Cell): Cell {
  if (found instanceof Undefined)
    return new Undefined(`'markupsafe.Markup object' has no attribute '${name}'`, found.type);
  if (!(found instanceof Callable)) return found;
  return new Callable(name, (call) => asMarkup(found.call(safeCall(name, call))), { shown: found.shown });
}

/** The arguments of a method or filter of HTML. */
export function safeCall(name: string, { args, named }: Call): Call {
  if (name === "replace") return { args: args.map((value, index) => (index === 1 ? escaped(value) : value)), named };
  if (name === "join") return { args: args.map((list) => (Array.isArray(list) ? list.map(escaped) : list)), named };
  if (name !== "format") return { args, named };
  return { args: args.map(escaped), named: new Map([...named].map(([key, value]) => [key, escaped(value)])) };
}
