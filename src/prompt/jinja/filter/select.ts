// Filters that take other filters, tests or attributes by name.

import { bind, bindRequired } from "../bind.ts";
import { fault } from "../fault.ts";
import { iterate, truth } from "../sequence.ts";
import { str } from "../text.ts";
import { type Call, type Cell, Dict, Undefined, typeName } from "../value.ts";
import { missing } from "../access.ts";
import { type Filter, type FilterTools, attributeGetter, lazy } from "./filter.ts";

const fallback: Filter = (value, call) => {
  const bound = bind("default", call, ["default_value", "boolean"]);
  const isMissing = value instanceof Undefined || (truth(bound.get("boolean") ?? false) && !truth(value));
  if (!isMissing) return value;
  const other = bound.get("default_value");
  return other === undefined ? "" : other;
};

export const SELECT_FILTERS: Record<string, Filter> = {
  default: fallback,
  d: fallback,
  attr(value, call, { access }) {
    const name = bindRequired("do_attr", call, ["name"]).get("name") as Cell;
    if (typeof name !== "string") {
      return fault("TypeError", `attribute name must be string, not '${typeName(name)}'`);
    }
    return value instanceof Dict && value.has(name) ? missing(value, name) : access.attribute(value, name);
  },
  map(value, call, tools) {
    return lazy("sync_do_map", function* () {
      const apply = mapping(call, tools);
      for (const item of given(value)) yield apply(item);
    });
  },
  select: (value, call, tools) => pick(value, () => chooser(call, tools, false), true),
  reject: (value, call, tools) => pick(value, () => chooser(call, tools, false), false),
  selectattr: (value, call, tools) => pick(value, () => chooser(call, tools, true), true),
  rejectattr: (value, call, tools) => pick(value, () => chooser(call, tools, true), false),
};

function mapping(call: Call, tools: FilterTools): (item: Cell) => Cell {
  const attribute = call.named.get("attribute");
  if (call.args.length === 0 && attribute !== undefined) {
    for (const name of call.named.keys()) {
      if (name !== "attribute" && name !== "default") {
        fault("FilterArgumentError", `Unexpected keyword argument '${name}'`);
      }
    }
    return attributeGetter(attribute, tools, call.named.get("default"));
  }
  const [name, ...args] = call.args;
  if (name === undefined) return fault("FilterArgumentError", "map requires a filter argument");
  return (item) => tools.filter(str(name), item, { args, named: call.named });
}

function chooser(call: Call, tools: FilterTools, byAttribute: boolean): (item: Cell) => boolean {
  const args = [...call.args];
  let read = (item: Cell): Cell => item;
  if (byAttribute) {
    const attribute = args.shift();
    if (attribute === undefined) return fault("FilterArgumentError", "Missing parameter for attribute name");
    read = attributeGetter(attribute, tools);
  }
  const name = args.shift();
  if (name === undefined) return (item) => truth(read(item));
  return (item) => tools.test(str(name), read(item), args);
}

/** The items to look at: whatever counts as false has none, also what is no list, such as `none`. */
function given(value: Cell): readonly Cell[] {
  return truth(value) ? iterate(value) : [];
}

/** What is wrong with the arguments shows as in Jinja only once the items are asked for. */
function pick(value: Cell, choose: () => (item: Cell) => boolean, keep: boolean): Cell {
  return lazy("select_or_reject", function* () {
    const items = given(value);
    if (items.length === 0) return;
    const test = choose();
    for (const item of items) if (test(item) === keep) yield item;
  });
}
