// The Python processes of a flow: their interpreter, their variables, and who answers what their code asks.

import { FlowsteadError } from "../base/error/error.ts";
import { type ProcessEnvironment, choosePython } from "../python/interpreter.ts";
import { type PythonPool, createPythonPool } from "../python/pool.ts";
import type { AnswerQuestion } from "../python/question.ts";
import type { FlowDefinition } from "./definition.ts";
import { environmentTexts, resolveEnvironment } from "./environment.ts";
import { errorChain, originalMessage } from "./error-chain.ts";
import { modelError } from "./model-error.ts";
import type { FlowResources } from "./resource.ts";
import type { AnswerContext, NodeCall, NodeTool } from "./tool.ts";

export interface FlowPythonOptions {
  interpreter?: string;
  /** The variables that Python processes inherit. */
  env?: ProcessEnvironment;
  /** Values in place of the flow's own environment_variables. */
  environmentVariables?: Record<string, string>;
  /** Whether variables in `env` win over those that the flow's file names, as in serving. Default false, as in a test. */
  keepEnvironment?: boolean;
  maxWorkers?: number;
  alone?: boolean;
  cancelGraceMs?: number;
  onOutput?: (stream: "stdout" | "stderr", text: string) => void;
}

/** What a flow's processes need of the options that it is opened with. */
interface FlowPython {
  tools: readonly NodeTool[];
  resources: FlowResources;
  python?: FlowPythonOptions;
}

/** The flow's own virtual environment is where the flow is, not in a merged copy of it. */
export function withInterpreter<Options extends FlowPython>(options: Options, directory: string): Options {
  const interpreter = choosePython(directory, options.python?.interpreter);
  return { ...options, python: { ...options.python, interpreter } };
}

/** The variables that the flow's code sees: those of the process and the flow's own, which are given as its file has them. */
export async function flowEnvironment(
  written: FlowDefinition["environmentVariables"],
  { python = {}, resources }: FlowPython,
): Promise<ProcessEnvironment> {
  const { env = {}, environmentVariables: given = {}, keepEnvironment = false } = python;
  const texts = Object.entries(environmentTexts(written, given));
  const counts = (name: string): boolean => !keepEnvironment || env[name] === undefined || Object.hasOwn(given, name);
  const own = Object.fromEntries(texts.filter(([name]) => counts(name)));
  return { ...env, ...(await resolveEnvironment(own, resources)) };
}

export function createPython(
  directory: string,
  env: ProcessEnvironment,
  {
    python: { env: _env, environmentVariables: _own, keepEnvironment: _keep, ...rest } = {},
    resources,
    tools,
  }: FlowPython,
): PythonPool {
  return createPythonPool({ ...rest, directory, env, answer: answering(tools, { resources, tools, env }) });
}

/** What Python code asks goes to the tool that answers; its errors keep their place in the original's hierarchy. */
function answering(
  tools: readonly NodeTool[],
  context: Omit<AnswerContext, "signal" | "call">,
): AnswerQuestion | undefined {
  const tool = tools.find(({ answer }) => answer !== undefined);
  if (!tool) return undefined;
  return async function* answer(question, { signal, caller }) {
    try {
      yield* tool.answer?.(question, { ...context, signal, call: caller as NodeCall | undefined }) ?? [];
    } catch (thrown) {
      const error = FlowsteadError.from(thrown);
      const { code, details } = error;
      const place = { chain: errorChain(error), type: modelError(error)?.type ?? code };
      throw new FlowsteadError(code, originalMessage(error), { details: { ...details, ...place }, cause: thrown });
    }
  };
}
