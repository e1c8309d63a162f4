// A pool of models is a model: regions of one deployment, or several servers of one model.

import { FlowsteadError } from "../base/error/error.ts";
import { failover } from "../pool/failover.ts";
import type { Pool } from "../pool/pool.ts";
import { type ChatChunk, type ChatModel, isContent, partsOf, type RelayPart } from "./chat-model.ts";
import { memberPool, type MemberPoolOptions, type PoolMember } from "./member-pool.ts";

export type BalancedMember = PoolMember<ChatModel>;

export interface BalancedOptions extends MemberPoolOptions {
  /** Default: the ids of the members. */
  id?: string;
}

/** A model and what its pool knows about its members, for readiness pages. */
export interface BalancedModel extends ChatModel {
  readonly pool: Pool<ChatModel>;
}

/**
 * Each call goes to the less busy of two members of the best priority. A member that fails before its first text is
 * replaced, at once and unseen; after the first text a failure is a failure.
 */
export function balancedModel(members: readonly BalancedMember[], options: BalancedOptions = {}): BalancedModel {
  const { pool, rule } = memberPool(members, options);
  return {
    id: options.id ?? members.map(({ model }) => model.id).join(","),
    pool,
    chat: (request, signal) =>
      failover<ChatModel, ChatChunk>({
        ...rule,
        signal,
        attempt: (model, signal) => model.chat(request, signal),
        isCommitted: isContent,
      }),
    relay: (request, signal) =>
      failover<ChatModel, RelayPart>({
        // Field by field: an object that begins with another one takes several times as long to make.
        pool,
        signal,
        judge: rule.judge,
        exhausted: rule.exhausted,
        waitMs: rule.waitMs,
        budget: rule.budget,
        rounds: rule.rounds,
        backoffMs: rule.backoffMs,
        direct: (model) => model.relay?.(request, signal),
        attempt: (model, signal) => partsOf(model.chat(request, signal)),
        isCommitted: (part) => part.isContent,
      }),
    async probe(signal) {
      const results = await Promise.allSettled(members.map(({ model }) => model.probe(signal)));
      const failed = results.find((result) => result.status === "rejected");
      if (failed && results.every((result) => result.status === "rejected")) throw FlowsteadError.from(failed.reason);
    },
    async close() {
      await pool.close();
      await Promise.all(members.map(({ model }) => model.close()));
    },
  };
}
