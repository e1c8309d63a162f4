// Variables and the text that a template has made so far, both with the mark of what came from a user.

import type { Fragment } from "../rendered-text.ts";
import type { Budget } from "./budget.ts";
import type { Cell } from "./value.ts";

/** A value and whether any of it came from a user. Rendered text carries its own marks and is never marked here. */
export interface Marked {
  value: Cell;
  user: boolean;
}

export class Scope {
  readonly #parent: Scope | null;
  readonly #variables = new Map<string, Marked>();

  constructor(parent: Scope | null) {
    this.#parent = parent;
  }

  find(name: string): Marked | undefined {
    return this.#variables.get(name) ?? this.#parent?.find(name);
  }

  set(name: string, marked: Marked): void {
    this.#variables.set(name, marked);
  }
}

/** Collects fragments: neighbouring template text is joined, each user value stays a fragment of its own. */
export class Sink {
  readonly fragments: Fragment[] = [];
  readonly #budget: Budget;
  #length = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  write(text: string, user: boolean): void {
    if (text === "") return;
    this.#length += text.length;
    this.#budget.room(this.#length);
    const last = this.fragments.at(-1);
    if (last && !last.user && !user) last.text += text;
    else this.fragments.push({ text, user });
  }

  writeAll(fragments: readonly Fragment[]): void {
    for (const { text, user } of fragments) this.write(text, user);
  }
}
