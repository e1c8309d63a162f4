// Column mapping: which value of which data each flow input gets, line by line.

import { FlowsteadError } from "../base/error/error.ts";
import { type ValueMap, isMap, pyRepr } from "../base/value.ts";

/** Values by input name: `${source.column}`, or a constant. */
export type ColumnMapping = ValueMap;

const COLUMN = /^\$\{([^{}]+)\}$/;

export const LINE_NUMBER = "line_number";

/**
 * The mapping of all inputs of a flow. An input that is not mapped takes the column of its name from `data`, except
 * when it has a default: the default wins over the column, as in the original.
 */
export function completeMapping(
  inputs: readonly { name: string; default?: unknown }[],
  mapping: ColumnMapping = {},
): ColumnMapping {
  const implied = inputs.filter((input) => input.default === undefined || input.default === null);
  return { ...Object.fromEntries(implied.map(({ name }) => [name, `\${data.${name}}`])), ...mapping };
}

/**
 * One line's inputs. `sources` holds a row per source (`data`, `run.outputs` ...) and the line's number, which is passed on.
 * A column that only other rows have (`columns`, by source) leaves its input out: its default counts, or the line fails alone.
 * @throws FlowsteadError `ApplyInputMappingError` with every column that is not there; `Unexpected` without a mapping,
 *   which only a fault of ours can cause.
 */
export function applyMapping(
  sources: ValueMap,
  mapping: ColumnMapping | null,
  columns: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): ValueMap {
  if (mapping === null) {
    throw new FlowsteadError(
      "Unexpected",
      "The input for batch run is incorrect. Please make sure to set up a proper input mapping before proceeding. If you need additional help, feel free to contact support for further assistance.",
    );
  }
  const inputs: ValueMap = {};
  const missing: string[] = [];
  for (const [input, value] of Object.entries(mapping)) {
    if (input === LINE_NUMBER) continue;
    const path = typeof value === "string" ? COLUMN.exec(value)?.[1] : undefined;
    if (path === undefined) inputs[input] = value;
    else {
      const found = findColumn(path, sources);
      if (found) inputs[input] = found.row[found.column] ?? null;
      else if (!isColumn(path, columns)) missing.push(value as string);
    }
  }
  if (missing.length > 0) {
    throw new FlowsteadError(
      "ApplyInputMappingError",
      `The input for batch run is incorrect. Couldn't find these mapping relations: ${missing.join(", ")}. Please make sure your input mapping keys and values match your YAML input section and input data. For more information, refer to the following documentation: https://aka.ms/pf/column-mapping`,
      { details: { missing } },
    );
  }
  const line = sources[LINE_NUMBER];
  return line === undefined ? inputs : { ...inputs, [LINE_NUMBER]: line };
}

/** Names of sources and of columns may have dots; the shortest name of a source that fits wins. */
function findColumn(path: string, sources: ValueMap): { row: ValueMap; column: string } | undefined {
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    const row = sources[path.slice(0, dot)];
    const column = path.slice(dot + 1);
    if (isMap(row) && Object.hasOwn(row, column)) return { row, column };
  }
  return undefined;
}

function isColumn(path: string, columns: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  return [...columns].some(
    ([source, names]) => path.startsWith(`${source}.`) && names.has(path.slice(source.length + 1)),
  );
}

/** @throws FlowsteadError `UsageError` for a mapping that takes nothing from the data. */
export function checkMapping(mapping: ColumnMapping | undefined): void {
  const values = Object.values(mapping ?? {});
  if (values.length === 0 || values.some((value) => typeof value === "string" && value.startsWith("$"))) return;
  throw new FlowsteadError(
    "UsageError",
    `Column mapping must contain at least one mapping binding, current column mapping contains all static values: ${pyRepr(mapping)}`,
  );
}
