import type { ErrorActor, ErrorRow } from "./row.ts";

function row(actor: ErrorActor, chain: string, meaning: string, remedy: string): ErrorRow {
  return { actor, status: chain.startsWith("SystemError") ? 500 : 400, meaning, remedy, chain };
}

/** What is wrong with the data of a batch run, or with a run that is asked for. */
export const RUN_ERRORS = {
  InvalidUserData: row(
    "caller",
    "UserError/InvalidUserData",
    "A data file cannot be read as rows.",
    "Mend the place that the message names; JSONL, JSON, CSV and TSV are understood.",
  ),
  EmptyInputsData: row(
    "caller",
    "UserError/EmptyInputsData",
    "The data of a run has no rows.",
    "Name a file or folder that has some.",
  ),
  InputMappingError: row(
    "caller",
    "UserError/ValidationError/InputMappingError",
    "The data of a run does not fit together line by line.",
    "Give all data files the same number of rows, or a `line_number` in every row.",
  ),
  ApplyInputMappingError: row(
    "caller",
    "UserError/ValidationError/ApplyInputMappingError",
    "The column mapping names a column that a row of the data does not have.",
    "Mend the mapping, or the row that the message names.",
  ),
  InvalidAggregationInput: row(
    "operator",
    "SystemError/InvalidAggregationInput",
    "The inputs of aggregation nodes are not lists of one length.",
    "Give a list per input, with one value per line.",
  ),
  BatchExecutionTimeoutError: row(
    "caller",
    "UserError/BatchExecutionTimeoutError",
    "A batch run took longer than it may.",
    "Raise the limit, then go on with `run create --resume-from`.",
  ),
  BatchRunError: row(
    "author",
    "UserError/BulkRunException",
    "Lines or aggregation nodes of a batch run failed.",
    "Look at the errors in the run's error.json.",
  ),
  RunExistsError: row(
    "caller",
    "UserError/RunExistsError",
    "There is a run of this name already.",
    "Choose another name, or delete the run.",
  ),
  RunNotFoundError: row(
    "caller",
    "UserError/RunNotFoundError",
    "There is no run of this name.",
    "`flowstead run list` names them.",
  ),
  InvalidRunStatusError: row(
    "caller",
    "UserError/InvalidRunStatusError",
    "The state of a run does not allow what is asked.",
    "Wait for its end, or name another run.",
  ),
} satisfies Record<string, ErrorRow>;
