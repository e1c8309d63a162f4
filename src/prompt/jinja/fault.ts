// What goes wrong inside a template, under the name that Python's Jinja2 gives it.

/** The Python exception types that a template can end with. */
export type FaultType =
  | "TemplateSyntaxError"
  | "TemplateAssertionError"
  | "TemplateRuntimeError"
  | "FilterArgumentError"
  | "UndefinedError"
  | "SecurityError"
  | "OverflowError"
  | "TypeError"
  | "ValueError"
  | "AttributeError"
  | "KeyError"
  | "IndexError"
  | "ZeroDivisionError"
  | "AssertionError"
  | "RecursionError"
  | "RuntimeError"
  | "MemoryError"
  | "TimeoutError";

/** Stays inside this folder: `template.ts` turns it into the project's own error before anybody else sees it. */
export class Fault extends Error {
  readonly type: FaultType;
  line: number | undefined;

  constructor(type: FaultType, message: string, line?: number) {
    super(message);
    this.type = type;
    this.line = line;
  }
}

export function fault(type: FaultType, message: string, line?: number): never {
  throw new Fault(type, message, line);
}
