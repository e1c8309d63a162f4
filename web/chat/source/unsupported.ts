import type { Citation, CitationCheck } from "../../shared/wire/contract.ts";

/** The sentences that cite this passage and that no passage they cite supports. */
export function unsupportedBy({ checks = [] }: Citation): CitationCheck[] {
  return checks.filter(({ supported, supportedElsewhere }) => !supported && !supportedElsewhere);
}
