// A model server for one case: it answers each request that the case expects with the case's reply, and notes the rest.

import type { IncomingMessage, ServerResponse } from "node:http";
import { plain } from "../../src/base/json.ts";
import { type Value, type ValueMap, isMap } from "../../src/base/value.ts";
import { differs } from "./compare.ts";
import { askedIn, bodyOf, listen, sendJson, sendWords } from "./model-wire.ts";
import { embeddings } from "./recorded-server.ts";
import { type Recordings, recordedText } from "./recording.ts";

export interface ModelServer {
  readonly port: number;
  /** What is wrong with the requests that came, one sentence each; empty when all came as expected. */
  faults(): string[];
  close(): Promise<void>;
}

export async function startModelServer(expected: readonly ValueMap[], recordings: Recordings): Promise<ModelServer> {
  const open = [...expected];
  const faults: string[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") {
      sendJson(response, { object: "list", data: [{ id: "first-listed" }] });
      return;
    }
    const body = await bodyOf(request);
    const reasons = open.map((wanted) => differsFrom(wanted, request.url ?? "", body));
    const index = reasons.indexOf(undefined);
    // The fake of the observed runs noted no requests for embeddings.
    if (index < 0 && isMap(body) && body["input"] !== undefined) {
      sendJson(response, embeddings(body["input"]));
      return;
    }
    if (index < 0) faults.push(`POST ${request.url ?? ""}: ${reasons[0] ?? "no further request was expected"}`);
    const [wanted] = index < 0 ? open.splice(0, 1) : open.splice(index, 1);
    const given = wanted?.["reply"];
    if (isMap(given)) sendJson(response, given);
    else sendWords(response, body, recordedText(recordings, askedIn(body)));
  }

  const { port, close } = await listen(answer, (thrown) => faults.push(String(thrown)));
  return {
    port,
    faults: () => [
      ...faults,
      ...open.map((missing) => `the request did not come: ${String(missing["path"] as string)}`),
    ],
    close,
  };
}

function differsFrom(wanted: ValueMap, url: string, body: Value): string | undefined {
  if (wanted["path"] !== "*" && wanted["path"] !== url) return `path: expected ${String(wanted["path"] as string)}`;
  return differs(plain(body), plain(wanted["body"]), "body");
}
