// A pool of embedding models is an embedding model: a batch is one call, which moves between regions like a chat's.

import { FlowsteadError } from "../base/error/error.ts";
import { failover } from "../pool/failover.ts";
import type { EmbeddingModel } from "./embedding-model.ts";
import { memberPool, type MemberPoolOptions, type PoolMember } from "./member-pool.ts";

/** Members must be one model: their vectors stand in one index. */
export function balancedEmbedding(
  members: readonly [PoolMember<EmbeddingModel>, ...PoolMember<EmbeddingModel>[]],
  options: MemberPoolOptions,
): EmbeddingModel {
  const { pool, rule } = memberPool(members, options);
  const [{ model: first }] = members;
  return {
    id: members.map(({ model }) => model.id).join(","),
    name: first.name,
    dimensions: members.map(({ model }) => model.dimensions).find((known) => known !== undefined),
    async embed(texts, { signal, ...call }) {
      const answers = failover<EmbeddingModel, Float32Array[]>({
        ...rule,
        signal,
        attempt: async function* (model, signal) {
          yield await model.embed(texts, { ...call, signal });
        },
        isCommitted: () => true,
      });
      let vectors: Float32Array[] | undefined;
      // Read to its end: the lease of a member that answered ends with it.
      for await (const answer of answers) vectors = answer;
      if (!vectors) throw new FlowsteadError("ModelBadAnswer", `${pool.members.length} models gave no embeddings.`);
      return vectors;
    },
    async probe(signal) {
      await Promise.any(members.map(({ model }) => model.probe(signal)));
    },
    async close() {
      await pool.close();
      await Promise.all(members.map(({ model }) => model.close()));
    },
  };
}
