import { useState } from "react";
import { stepWords } from "../../shared/format/step.ts";
import { duration } from "../../shared/format/time.ts";
import type { NodeData } from "../../shared/wire/contract.ts";
import { Icon } from "../shell/icon.tsx";

export interface StepsProps {
  nodes: NodeData[];
  running: boolean;
  durationMs?: number;
}

/** What the flow does, as it does it; one line once it is done. */
export function Steps({ nodes, running, durationMs }: StepsProps) {
  const [choice, setChoice] = useState<boolean>();
  if (nodes.length === 0) return null;
  const open = choice ?? running;
  const failed = nodes.some((node) => node.status === "failed");
  return (
    <div className="steps" data-open={open || undefined}>
      <button
        type="button"
        className="steps-head"
        data-failed={failed || undefined}
        aria-expanded={open}
        onClick={() => setChoice(!open)}
      >
        {running ? <span className="spinner" aria-hidden="true" /> : <Icon name={failed ? "warning" : "check"} />}
        <span className="steps-summary">{summary(nodes, running)}</span>
        {durationMs === undefined ? null : <span className="steps-time">{duration(durationMs)}</span>}
        <Icon name="chevron" className="steps-chevron" />
      </button>
      {open ? (
        <ol className="steps-list">
          {nodes.map((node) => (
            <Step key={node.node} node={node} />
          ))}
        </ol>
      ) : null}
    </div>
  );
}

function Step({ node }: { node: NodeData }) {
  const words = stepWords(node);
  const running = node.status === "running";
  return (
    <li data-status={node.status}>
      {running ? <span className="spinner" aria-hidden="true" /> : <Icon name={ICON[node.status] ?? "check"} />}
      <span>{node.status === "completed" ? words.done : words.doing}</span>
      <code>{node.node}</code>
      <span className="steps-time">{timeOf(node)}</span>
    </li>
  );
}

const ICON: Partial<Record<NodeData["status"], "check" | "warning" | "stop" | "chevron">> = {
  completed: "check",
  failed: "warning",
  canceled: "stop",
  bypassed: "chevron",
};

function timeOf(node: NodeData): string {
  if (node.status === "bypassed") return "skipped";
  if (node.status === "failed") return "failed";
  if (node.status === "canceled") return "stopped";
  return node.durationMs === undefined ? "" : duration(node.durationMs);
}

function summary(nodes: NodeData[], running: boolean): string {
  if (running) {
    const node = nodes.findLast((each) => each.status === "running") ?? nodes.at(-1);
    return node ? stepWords(node).doing : "";
  }
  const failed = nodes.find((node) => node.status === "failed");
  if (failed) return `Failed while: ${stepWords(failed).doing}`;
  const done = nodes.filter((node) => node.status === "completed").map((node) => stepWords(node).done);
  const main = done.filter((words) => /^(Searched|Wrote|Read)/.test(words));
  return (
    [...new Set(main.length > 0 ? main : done)]
      .join(", then ")
      .replace(/, then (.)/g, (_, c: string) => `, ${c.toLowerCase()}`) || "Stopped"
  );
}
