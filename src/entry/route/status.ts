import type { FastifyInstance } from "fastify";

interface Trouble {
  name: string;
  reason: string;
}

export interface StatusOptions {
  version: string;
  /** What is not ready, and why; empty when all is. */
  notReady: () => Trouble[];
  /** What works, but less well than it is configured to. */
  degraded: () => Trouble[];
}

/** `GET /healthz`: the process is alive. `GET /readyz`: it can answer, or what is missing. */
export async function statusRoutes(
  app: FastifyInstance,
  { version, notReady, degraded }: StatusOptions,
): Promise<void> {
  app.get("/healthz", async () => ({ status: "alive", version }));
  app.get("/readyz", async (_request, reply) => {
    const missing = notReady();
    return reply
      .code(missing.length === 0 ? 200 : 503)
      .send({ ready: missing.length === 0, notReady: missing, degraded: degraded() });
  });
}
