// The least that a program for the same flow does: `node:http` and `undici` by hand, no engine. One template rendered, one
// model asked, one value made of the question, answered as JSON or as server-sent events.

import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Dispatcher, Pool } from "undici";

const model = new Pool(process.argv[2] as string, { connections: 16_384, pipelining: 1 });

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { question } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { question: string };
    const stream = request.headers.accept === "text/event-stream";
    const prompt = `You answer questions.\nQuestion: ${question}\n`;
    const body = JSON.stringify({
      messages: [{ role: "user", content: prompt }],
      model: "bench",
      temperature: 0.2,
      max_tokens: 256,
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
    });
    const note = `Asked: ${question}`;
    const options = {
      path: "/v1/chat/completions",
      method: "POST" as const,
      headers: { "content-type": "application/json", authorization: "Bearer k" },
      body,
    };
    model.dispatch(options, stream ? new Streaming(response, note) : new Whole(response, note));
  });
});

class Whole implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #note: string;
  readonly #chunks: Buffer[] = [];

  constructor(response: ServerResponse, note: string) {
    this.#response = response;
    this.#note = note;
  }

  onRequestStart(): void {}

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const answer = JSON.parse(Buffer.concat(this.#chunks).toString("utf8")) as {
      choices: { message: { content: string } }[];
    };
    const text = JSON.stringify({ answer: answer.choices[0]?.message.content, note: this.#note });
    this.#response
      .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
      .end(text);
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

class Streaming implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #rest = "";

  constructor(response: ServerResponse, note: string) {
    this.#response = response;
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write(`data: ${JSON.stringify({ note })}\n\n`);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.once("close", () => {
      if (!this.#response.writableFinished) controller.abort(new Error("the client left"));
    });
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    const text = this.#rest + chunk.toString("utf8");
    let from = 0;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n", from)) {
      const data = text.slice(from + 6, end);
      from = end + 2;
      if (data === "[DONE]") continue;
      const { choices } = JSON.parse(data) as { choices: { delta: { content?: string } }[] };
      const answer = choices[0]?.delta.content;
      if (answer) this.#response.write(`data: ${JSON.stringify({ answer })}\n\n`);
    }
    this.#rest = text.slice(from);
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

server.listen({ host: "127.0.0.1", port: 0, backlog: 16_384 }, () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
