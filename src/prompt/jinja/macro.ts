// A macro, or the body of a `call` block: something of the template that is called and makes text.

import type { RenderedText } from "../rendered-text.ts";
import type { Marked } from "./scope.ts";
import { type Call, Callable, type Cell, Tuple } from "./value.ts";

type Invoke = (args: readonly Marked[], named: ReadonlyMap<string, Marked>) => RenderedText;

export class Macro extends Callable {
  readonly invoke: Invoke;

  /** The body of a `call` block has no name. */
  constructor(name: string | null, invoke: Invoke, parameters: readonly string[]) {
    const mark = (value: Cell): Marked => ({ value, user: false });
    const call = ({ args, named }: Call): Cell =>
      invoke(args.map(mark), new Map([...named].map(([key, value]) => [key, mark(value)])));
    super(name ?? "anonymous", call, {
      shown: name === null ? "<Macro anonymous>" : `<Macro '${name}'>`,
      attributes: new Map<string, Cell>([
        ["name", name],
        ["arguments", new Tuple(parameters)],
      ]),
    });
    this.invoke = invoke;
  }
}
