// Prompt templates: compiled once, rendered many times, in the environment of the original (Jinja2 with a sandbox,
// `trim_blocks`, `keep_trailing_newline`, no loader).

import { FlowsteadError } from "../base/error/error.ts";
import { Budget, DEFAULT_LIMITS, type RenderLimits, within } from "./jinja/budget.ts";
import { checkNames } from "./jinja/check.ts";
import { Fault } from "./jinja/fault.ts";
import { GLOBALS } from "./jinja/global.ts";
import { importValue } from "./jinja/import.ts";
import { Interpreter } from "./jinja/interpret.ts";
import { parse } from "./jinja/parse.ts";
import type { Marked } from "./jinja/scope.ts";
import { tokenize } from "./jinja/token.ts";
import { readsOf } from "./jinja/reads.ts";
import { undeclaredVariables } from "./jinja/undeclared.ts";
import { Undefined } from "./jinja/value.ts";
import type { TemplateReads } from "./foreign.ts";
import type { RenderedText } from "./rendered-text.ts";

export type { RenderLimits } from "./jinja/budget.ts";

export interface TemplateOptions {
  /** Lines of the file before the template, which errors count too. Default 0. */
  before?: number;
  /** Named in errors. */
  file?: string;
  trimBlocks?: boolean;
  lstripBlocks?: boolean;
  keepTrailingNewline?: boolean;
  /** The variables of the flow; `PF_USE_SANDBOX_FOR_JINJA=false` among them has internal attributes give nothing instead of an error. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface RenderOptions {
  signal?: AbortSignal;
  limits?: Partial<RenderLimits>;
  /** Names of the variables whose values came from a user: their text can never become a chat role. */
  escape?: readonly string[];
  /** Print lists one item a line, as the original does in chats on Azure OpenAI; elsewhere they print as in Python. */
  chatLists?: boolean;
}

export interface Template {
  readonly source: string;
  readonly file: string | undefined;
  /** The variables it takes from its context, in the order of their use. */
  readonly undeclaredVariables: readonly string[];
  /** What it may read of the objects that it is given. */
  readonly reads: TemplateReads;
  /** @throws FlowsteadError `JinjaTemplateError` */
  render(context: Readonly<Record<string, unknown>>, options?: RenderOptions): string;
  /** As `render`, keeping apart what the template wrote and what a user did. */
  renderText(context: Readonly<Record<string, unknown>>, options?: RenderOptions): RenderedText;
}

/** @throws FlowsteadError `JinjaTemplateError` when the template has a syntax error; `details.line` says where. */
export function compileTemplate(source: string, options: TemplateOptions = {}): Template {
  const { file, before = 0 } = options;
  const statements = guarded({ file, before }, () => {
    const tokens = tokenize(source, {
      trimBlocks: options.trimBlocks ?? true,
      lstripBlocks: options.lstripBlocks ?? false,
      keepTrailingNewline: options.keepTrailingNewline ?? true,
    });
    const parsed = parse(tokens);
    checkNames(parsed);
    return parsed;
  });
  const variables = undeclaredVariables(statements);
  const isSandboxed = options.env?.["PF_USE_SANDBOX_FOR_JINJA"]?.toLowerCase() !== "false";

  function renderText(context: Readonly<Record<string, unknown>>, render: RenderOptions = {}): RenderedText {
    const budget = new Budget({ ...DEFAULT_LIMITS, ...render.limits }, render.signal);
    const interpreter = new Interpreter(budget, createLookup(context, render), isSandboxed);
    return guarded({ file, before, line: () => interpreter.line }, () =>
      within(budget, () => interpreter.run(statements)),
    );
  }

  return {
    source,
    file,
    undeclaredVariables: variables,
    reads: readsOf(statements),
    render: (context, render) => renderText(context, render).text,
    renderText,
  };
}

/** Finds names in the context, whose values are copied at their first use, and then among the globals. */
function createLookup(context: Readonly<Record<string, unknown>>, options: RenderOptions): (name: string) => Marked {
  const known = new Map<string, Marked>();
  return (name) => {
    const found = known.get(name);
    if (found) return found;
    const isGiven = Object.hasOwn(context, name) && context[name] !== undefined;
    const value = isGiven
      ? importValue(context[name], options.chatLists ?? false)
      : (GLOBALS.get(name) ?? new Undefined(`'${name}' is undefined`));
    const marked = { value, user: isGiven && (options.escape?.includes(name) ?? false) };
    known.set(name, marked);
    return marked;
  };
}

function guarded<T>(place: { file: string | undefined; before: number; line?: () => number }, work: () => T): T {
  const inFile = (line: number | undefined): number | undefined => line && line + place.before;
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof Fault) {
      throw templateError(thrown, { file: place.file, line: inFile(thrown.line ?? place.line?.()) });
    }
    if (thrown instanceof RangeError) {
      const fault = new Fault("RecursionError", "maximum recursion depth exceeded");
      throw templateError(fault, { file: place.file, line: inFile(place.line?.()) });
    }
    throw thrown;
  }
}

function templateError(
  fault: Fault,
  { file, line }: { file: string | undefined; line: number | undefined },
): FlowsteadError {
  const message = `Failed to render jinja template: ${fault.type}: ${fault.message}. Please modify your prompt to fix the issue.`;
  const details = { type: fault.type, reason: fault.message, line, ...(file === undefined ? {} : { file }) };
  return new FlowsteadError("JinjaTemplateError", message, { details, cause: fault });
}
