import type { WireClient } from "./client.ts";
import { badAnswer, statusFailure } from "./failure.ts";

const PROBE_MS = 10_000;

/** Names of the models that a server has: a call that costs nothing, and so a probe. */
export async function listModels(client: WireClient, path: string, signal: AbortSignal): Promise<string[]> {
  const { status, headers, body } = await client.read({ method: "GET", path }, { signal, timeoutMs: PROBE_MS });
  // Some servers have no list, or limit it; that they say so proves that they can be reached.
  if (status === 404 || status === 405 || status === 429) return [];
  if (status < 200 || status > 299) throw statusFailure(client.upstream, status, { headers, body });
  try {
    const { data } = JSON.parse(body) as { data: { id: string }[] };
    return data.map((model) => model.id);
  } catch (thrown) {
    throw badAnswer(client.upstream, "something else than a list of models", thrown);
  }
}
