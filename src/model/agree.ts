import { FlowsteadError } from "../base/error/error.ts";

export interface Agreement<T> {
  /** Begins the message. */
  where: string;
  what: string;
  /** Undefined where nothing is known, which agrees with everything. */
  of: (entry: T) => string | number | undefined;
  advice: string;
}

/**
 * An answer must not depend on which region was free, and data must not leave where they may be.
 * @throws FlowsteadError `InvalidConfig` that names what the entries say.
 */
export function mustAgree<T>(group: readonly T[], { where, what, of, advice }: Agreement<T>): void {
  const values = [...new Set(group.map(of).filter((value) => value !== undefined))];
  if (values.length < 2) return;
  const found = values.map((value) => (value === "" ? "none" : JSON.stringify(value))).join(", ");
  throw new FlowsteadError("InvalidConfig", `${where} differ in ${what}: ${found}. ${advice}`);
}
