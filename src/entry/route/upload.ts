// Documents over HTTP: `PUT /uploads/NAME` with the document as body, `DELETE /uploads/NAME`, `GET /uploads`. They go into the index
// that the chat answers from, by the admin key of the search service.

import type { FastifyInstance } from "fastify";
import { FlowsteadError } from "../../base/error/error.ts";
import { clientSignal } from "../../endpoint/exchange.ts";
import type { Uploads } from "../../search/ingest/upload.ts";
import type { SearchKeys } from "./search-key.ts";

export interface UploadRouteOptions {
  uploads: Uploads;
  keys: SearchKeys;
}

interface NamedRoute {
  Params: { "*": string };
  Querystring: { groups?: string };
  Body: AsyncIterable<Uint8Array> | undefined;
}

export async function uploadRoutes(app: FastifyInstance, { uploads, keys }: UploadRouteOptions): Promise<void> {
  // The body is a document, whatever type it says it is of: it is passed on as it comes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.addHook("onRequest", async (request) => keys.check(request.headers, "write"));

  app.get("/uploads", async () => ({ value: await uploads.list() }));
  app.put<NamedRoute>("/uploads/*", async (request, reply) => {
    const { groups } = request.query;
    const result = await uploads.put(
      {
        name: request.params["*"],
        body: request.body ?? nothing(),
        groups: groups === undefined ? undefined : groupsOf(groups),
      },
      clientSignal(reply.raw),
    );
    return reply.code(result.isNew ? 201 : 200).send(result);
  });
  app.delete<NamedRoute>("/uploads/*", async (request, reply) => {
    await uploads.remove(request.params["*"], clientSignal(reply.raw));
    return reply.code(204).send();
  });
}

/** An empty list would hide the document from everyone, which nobody means who leaves the value out. */
function groupsOf(text: string): string[] {
  const groups = text
    .split(",")
    .map((group) => group.trim())
    .filter(Boolean);
  if (groups.length > 0) return groups;
  throw new FlowsteadError(
    "InvalidRequest",
    "`groups` is empty: give names with commas, or leave it out for everyone.",
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
