import type { FastifyInstance } from "fastify";

export interface StatusOptions {
  version: string;
  /** Names and reasons of what is not ready; empty when all is. */
  notReady: () => { name: string; reason: string }[];
}

/** `GET /healthz`: the process is alive. `GET /readyz`: it can answer, or what is missing. */
export async function statusRoutes(app: FastifyInstance, { version, notReady }: StatusOptions): Promise<void> {
  app.get("/healthz", async () => ({ status: "alive", version }));
  app.get("/readyz", async (_request, reply) => {
    const missing = notReady();
    return reply.code(missing.length === 0 ? 200 : 503).send({ ready: missing.length === 0, notReady: missing });
  });
}
