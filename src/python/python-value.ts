import { FlowsteadError } from "../base/error/error.ts";
import type { Value } from "../base/value.ts";
import type { TemplateReads } from "../prompt/foreign.ts";
import type { UnfitField } from "./message.ts";

/** Names an object that a worker process keeps until its run ends. */
export interface ObjectReference {
  run: string;
  id: number;
}

/** Asks the process that keeps an object. */
export interface ObjectKeeper {
  readonly alive: boolean;
  property(reference: ObjectReference, path: (string | number)[]): Promise<PythonResult>;
  view(reference: ObjectReference, reads: TemplateReads): Promise<unknown>;
}

/** What a Python node returns: plain data, or an object that JSON cannot wholly express. */
export type PythonResult = Value | PythonValue;

/**
 * A value that stays in its Python process because JSON would change it: a tuple, a dataclass, an image, any object.
 * Python nodes of the same run get the object itself; everybody else gets its JSON form or its text.
 */
export class PythonValue {
  readonly keeper: ObjectKeeper;
  readonly reference: ObjectReference;
  /** Its class, for messages. */
  readonly type: string;
  readonly #json: Value;
  readonly #error: string | undefined;
  readonly #shown: string | undefined;
  readonly #unfit: string | undefined;
  readonly #field: UnfitField | undefined;

  constructor(
    keeper: ObjectKeeper,
    given: {
      reference: ObjectReference;
      type: string;
      json: Value;
      error?: string | undefined;
      shown?: string | undefined;
      unfit?: string | undefined;
      field?: UnfitField | undefined;
    },
  ) {
    this.keeper = keeper;
    this.reference = given.reference;
    this.type = given.type;
    this.#json = given.json;
    this.#error = given.error;
    this.#shown = given.shown;
    this.#unfit = given.unfit;
    this.#field = given.field;
  }

  /** Why it has no JSON form, in Python's words; `undefined` when it has one. */
  get jsonError(): string | undefined {
    return this.#error;
  }

  /** Why it cannot be an output of a flow: its JSON form is not Python's own, or there is none. */
  get outputError(): string | undefined {
    return this.#error ?? this.#unfit;
  }

  /** Why its fields cannot be outputs of a flow each: those of a dataclass may, though it may not be one itself. */
  get fieldError(): UnfitField | undefined {
    return this.#field ?? (this.#error === undefined ? undefined : { name: "output", refusal: this.#error });
  }

  /** The JSON form, or what Python prints of it in its place when there is none. */
  toJson(): Value {
    return this.#error === undefined ? this.#json : (this.#shown ?? `<${this.type}>`);
  }

  /** What a template sees of it: plain values, and what stands for objects; its JSON form when its process has ended. */
  view(reads: TemplateReads): Promise<unknown> {
    if (!this.keeper.alive && this.#error === undefined) return Promise.resolve(this.#json);
    return this.keeper.view(this.reference, reads);
  }

  /** Reads keys, indexes and attributes. @throws FlowsteadError `InvalidReferenceProperty`. */
  property(path: (string | number)[]): Promise<PythonResult> {
    if (path.length === 0) return Promise.resolve(this);
    return this.keeper.property(this.reference, path);
  }
}

export function lostValue(): FlowsteadError {
  return new FlowsteadError(
    "PythonValueLost",
    "A Python object that an earlier node returned is gone, because the process that kept it ended. Run the flow again.",
  );
}
