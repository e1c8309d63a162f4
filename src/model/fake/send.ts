import type { ServerResponse } from "node:http";

export function sendJson(response: ServerResponse, status: number, body: unknown): "complete" {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/plain" : "application/json";
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
  return "complete";
}
