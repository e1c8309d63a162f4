// Operations that take their time, in ARM's way: begun by one request, asked for by others until they have ended.

import { type ErrorBody, FlowsteadError } from "../../base/error/error.ts";
import { uuid } from "../../base/id.ts";

export interface Operation {
  id: string;
  status: "InProgress" | "Succeeded" | "Failed";
  startedAt: number;
  endedAt?: number;
  error?: ErrorBody;
  /** What has become of the thing changed, once it has ended well. */
  result?: () => Promise<object>;
}

export interface Operations {
  /** @param work the operation ends with it; its failure is the operation's */
  begin(work: Promise<unknown>, result?: () => Promise<object>): Operation;
  find(id: string): Operation | undefined;
}

/** Beyond this the oldest are forgotten, as the original forgets them after a while. */
const MOST_KEPT = 1_000;

export function openOperations(): Operations {
  const known = new Map<string, Operation>();
  return {
    begin(work, result) {
      const operation: Operation = {
        id: uuid(),
        status: "InProgress",
        startedAt: Date.now(),
        ...(result && { result }),
      };
      known.set(operation.id, operation);
      const [oldest] = known.keys();
      if (known.size > MOST_KEPT && oldest !== undefined) known.delete(oldest);
      const end = async (): Promise<void> => {
        try {
          await work;
          operation.status = "Succeeded";
        } catch (thrown) {
          operation.status = "Failed";
          operation.error = FlowsteadError.from(thrown).toBody();
        }
        operation.endedAt = Date.now();
      };
      void end();
      return operation;
    },
    find: (id) => known.get(id),
  };
}
