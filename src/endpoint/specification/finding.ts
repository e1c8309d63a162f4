// What became of each line of a specification, so that nobody has to guess what this system honours.

import { FlowsteadError } from "../../base/error/error.ts";

export interface Finding {
  verdict: "used" | "assumed" | "ignored" | "refused";
  /** Dotted, as in `request_settings.request_timeout_ms`. */
  key: string;
  file: string;
  line: number;
  /** For every verdict but "used". */
  why?: string;
}

/** `file:line: key: used`, or with the reason. */
export function findingLine({ verdict, key, file, line, why }: Finding): string {
  return `${file}:${line}: ${key}: ${verdict}${why === undefined ? "" : ` because ${why}`}`;
}

/** @throws FlowsteadError `InvalidSpecification` naming every line that was refused. */
export function refuseIfAny(findings: readonly Finding[]): void {
  const refused = findings.filter(({ verdict }) => verdict === "refused").toSorted((a, b) => a.line - b.line);
  if (refused.length === 0) return;
  throw new FlowsteadError("InvalidSpecification", refused.map(findingLine).join("\n"), {
    details: { findings: refused.map(({ key, line, why }) => ({ key, line, why })) },
  });
}
