// From sources and a mapping to the lines of a run, checked as a whole before the first one runs.

import { FlowsteadError } from "../base/error/error.ts";
import { applyDefaults } from "../flow/input.ts";
import type { InputDefinition } from "../flow/definition.ts";
import type { BatchLine } from "./line-run.ts";
import { type ColumnMapping, LINE_NUMBER, applyMapping, completeMapping } from "./mapping.ts";
import { type Source, type SourceFacts, checkAligned, examine, mergeByLine } from "./merge.ts";

export interface NamedSource extends Source {
  /** Where the rows come from, for messages. */
  origin: string;
}

export interface RunLines {
  total: number;
  /** From the first line on, each time it is called. */
  lines(): AsyncIterable<BatchLine>;
}

/**
 * Reads all data once before anything runs, so that a fault in the last row costs no model call.
 * @param optional inputs for which the code has a value, so that they take no column unasked
 * @throws FlowsteadError `EmptyInputsData`, `InputMappingError`, `ApplyInputMappingError`, `InvalidUserData`.
 */
export async function prepareLines(
  sources: ReadonlyMap<string, NamedSource>,
  inputs: readonly InputDefinition[],
  mapping: ColumnMapping | undefined,
  optional: ReadonlySet<string> = new Set(),
): Promise<RunLines> {
  const facts = new Map<string, SourceFacts>();
  for (const [name, source] of sources) facts.set(name, await examine(source, source.origin));
  if (facts.size > 0 && [...facts.values()].every(({ count }) => count === 0)) {
    const origins = [...sources].map(([name, { origin }]) => `${name}: ${origin}`);
    throw new FlowsteadError(
      "EmptyInputsData",
      `Couldn't find any inputs data at the given input paths. Please review the provided path and consider resubmitting.\n${origins.join("\n")}`,
    );
  }
  checkAligned(facts);
  const columns = new Map([...facts].map(([name, fact]) => [name, fact.columns]));
  const wanted = inputs.filter(({ name }) => !optional.has(name));
  const complete = completeMapping(wanted, mapping);
  async function* lines(): AsyncGenerator<BatchLine> {
    for await (const rows of mergeByLine(sources, facts)) {
      const line = Number(rows[LINE_NUMBER]);
      try {
        const { [LINE_NUMBER]: _line, ...given } = applyMapping(rows, complete, columns);
        yield { line, inputs: applyDefaults(inputs, given) };
      } catch (thrown) {
        const { code, message, details } = FlowsteadError.from(thrown);
        throw new FlowsteadError(code, `${message} (First in line ${line} of the data, counted from 0.)`, {
          cause: thrown,
          details: { ...details, line },
        });
      }
    }
  }
  let total = 0;
  for await (const _line of lines()) total++;
  if (total === 0) {
    throw new FlowsteadError(
      "InputMappingError",
      "The input for batch run is incorrect. Could not find one complete line on the provided input. Please ensure that you supply data on the same line to resolve this issue.",
    );
  }
  return { total, lines };
}
