// An object of Python as a template sees it. The object stays where it is; this is what the template can read of it.

export interface ForeignFacts {
  /** Its class, as Python's messages and as Jinja's have it. */
  type: string;
  name: string;
  text: string;
  repr: string;
  /** What a text or number is whose class prints otherwise, such as an enumeration's. */
  base?: unknown;
  length?: number;
  /** What it gives one by one. */
  items?: readonly unknown[];
  /** Whether an item can be had by its position. */
  isIndexed?: boolean;
  /** What it holds by key. */
  entries?: readonly (readonly [unknown, unknown])[];
  /** By name; only those that the template names. */
  attributes?: Readonly<Record<string, unknown>>;
  /** What its methods give that the template calls without arguments. */
  results?: Readonly<Record<string, unknown>>;
}

/** Prints, counts and gives what the object itself would. */
export class Foreign {
  readonly facts: ForeignFacts;
  constructor(facts: ForeignFacts) {
    this.facts = facts;
  }
}

/** Items that print in parentheses; a list is an array. */
export class ForeignTuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A dict with keys that are no texts; any other is an object. */
export class ForeignDict {
  readonly entries: readonly (readonly [unknown, unknown])[];
  constructor(entries: readonly (readonly [unknown, unknown])[]) {
    this.entries = entries;
  }
}

/** A fault of the object's own code, for the template that comes to it. */
export class ForeignFault {
  readonly type: string;
  readonly message: string;
  constructor(type: string, message: string) {
    this.type = type;
    this.message = message;
  }
}

/** What a template reads of objects: names of attributes, and of methods that it calls without arguments. */
export interface TemplateReads {
  names: readonly string[];
  calls: readonly string[];
}
