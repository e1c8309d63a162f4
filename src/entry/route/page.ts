import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

const YEAR_SECONDS = 31_536_000;

/** The chat page and its assets from a build folder; `/` and `/c/{id}` are the same page. */
export async function pageRoutes(app: FastifyInstance, { folder }: { folder: string }): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (response, file) => {
      // Asset names carry a hash of their content; the page that names them does not.
      const lasting = file.includes("/assets/") || file.includes("\\assets\\");
      response.setHeader("cache-control", lasting ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-cache");
    },
  });
  for (const path of ["/", "/c/:conversation"]) app.get(path, (_request, reply) => reply.sendFile("index.html"));
}
