// The log of one line (`flow_logs`): what its nodes did and printed, in the original's words.

import type { LineResult } from "./line-run.ts";
import type { NodeRunRecord } from "./record.ts";
import { logLine } from "./run-log.ts";

const LOGGER = "execution.flow";

export function lineLog({ line, flowRun, nodes, warnings, error }: LineResult): string {
  const ended = new Date(flowRun.end_time);
  // What is told of a node is not told again.
  const ownError = nodes.some((node) => node.error !== null) ? null : error;
  return [
    ...nodes.map((node) => nodeLog(node, line)),
    ...warnings.map((warning) => logLine(ended, LOGGER, "WARNING", warning)),
    ...(ownError === null ? [] : [logLine(ended, LOGGER, "ERROR", `Line ${line} failed: ${ownError.message}`)]),
  ].join("");
}

function nodeLog(run: NodeRunRecord, line: number): string {
  const { node, run_id, status, logs, error } = run;
  const [began, ended] = [new Date(run.start_time), new Date(run.end_time)];
  if (logs === null) return logLine(began, LOGGER, "INFO", `Bypassing node ${node}. node run id: ${run_id}`);
  const printed = (["stdout", "stderr"] as const).flatMap((stream) =>
    (logs[stream] === "" ? [] : logs[stream].replace(/\n$/, "").split("\n")).map((text) =>
      logLine(ended, LOGGER, "INFO", `[${node} in line ${line} (index starts from 0)] ${stream}> ${text}`),
    ),
  );
  const end =
    error === null
      ? logLine(ended, LOGGER, "INFO", `Node ${node} ${status === "Canceled" ? "was canceled" : "completes"}.`)
      : logLine(ended, LOGGER, "ERROR", `Node ${node} in line ${line} failed. Exception: ${error.message}.`);
  return [logLine(began, LOGGER, "INFO", `Executing node ${node}. node run id: ${run_id}`), ...printed, end].join("");
}
