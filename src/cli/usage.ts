// `flowstead usage`: what models were used for, by whom, and what it cost.

import path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { SILENT } from "../base/log.ts";
import { type UsageField, type UsageSum, openLedger } from "../gateway/ledger.ts";
import { openRecordStore } from "../store/provider/index.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, configOf, withHome } from "./option.ts";
import { table } from "./table.ts";

const FIELDS: readonly UsageField[] = ["principal", "flow", "model", "day"];

interface UsageOptions extends HomeOptions {
  by: UsageField[];
  since?: string;
  json?: boolean;
}

export function usageCommand(console: Console): Command {
  return withHome(new Command("usage"))
    .addOption(
      new Option("--by <fields>", `sum by these, of ${FIELDS.join(", ")}`)
        .argParser(fields)
        .default(["principal", "flow", "model"], "principal,flow,model"),
    )
    .option("--since <day>", "from this day on (UTC), such as 2026-01-31", day)
    .option("--json", "print JSON")
    .action(async (options: UsageOptions) => {
      const { config } = configOf(options);
      const store = await openRecordStore({ file: path.join(config.home, "flowstead.db") });
      try {
        const sums = await (await openLedger(store, SILENT)).sums(options.by, options.since);
        const rows = sums.filter(({ requests }) => requests > 0);
        console.print(
          options.json
            ? JSON.stringify(
                rows.map((sum) => entry(sum, options.by)),
                null,
                2,
              )
            : text(rows, options.by, console.width),
        );
      } finally {
        await store.close();
      }
    });
}

function entry(sum: UsageSum, by: readonly UsageField[]): Record<string, string | number> {
  const { requests, prompt_tokens, completion_tokens, estimated } = sum;
  return {
    ...Object.fromEntries(by.map((field) => [field, sum[field]])),
    requests,
    prompt_tokens,
    completion_tokens,
    estimated_requests: estimated,
    cost_usd: sum.cost_micros / 1e6,
  };
}

function text(sums: readonly UsageSum[], by: readonly UsageField[], width: number): string {
  if (sums.length === 0) return "No model has been called yet.";
  const head = [...by, "requests", "prompt tokens", "answer tokens", "estimated", "USD"];
  return table(
    head,
    sums.map((sum) => [
      ...by.map((field) => sum[field]),
      ...[sum.requests, sum.prompt_tokens, sum.completion_tokens, sum.estimated].map(String),
      (sum.cost_micros / 1e6).toFixed(4),
    ]),
    width,
  );
}

function fields(text: string): UsageField[] {
  const given = text.split(",").map((part) => part.trim());
  const wrong = given.filter((field) => !(FIELDS as readonly string[]).includes(field));
  if (wrong.length > 0) throw new InvalidArgumentError(`There is no "${wrong.join(", ")}". Use ${FIELDS.join(", ")}.`);
  return given as UsageField[];
}

function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError("Write a day like 2026-01-31.");
  return text;
}
