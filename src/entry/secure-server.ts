// The public listener over TLS. Who speaks plain http to it is told so in plain http, instead of by a connection that breaks.

import type { IncomingMessage, ServerOptions, ServerResponse } from "node:http";
import { type Server, createServer } from "node:https";
import type { Socket } from "node:net";
import { rawAnswer } from "./malformed.ts";
import { TLS_FLOOR, type CertificatePair } from "../network/certificate.ts";

/** A certificate that may be replaced while it is served. */
export interface ServedCertificate {
  /** As it is now. */
  readonly pair: CertificatePair;
  /** Calls with each that takes its place. */
  onChange(listener: (pair: CertificatePair) => void): void;
}

export interface SecureServer {
  server: Server;
  /** Ends connections that never came as far as TLS, which the server knows nothing of. */
  closeUnfinished(): void;
}

const HANDSHAKE_MS = 10_000;

export function secureServer(
  certificate: ServedCertificate,
  options: ServerOptions,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): SecureServer {
  const server = createServer(
    { ...options, ...TLS_FLOOR, ...certificate.pair, handshakeTimeout: HANDSHAKE_MS },
    listener,
  );
  // Connections that are open keep the certificate they began with.
  certificate.onChange((pair) => server.setSecureContext({ ...pair, ...TLS_FLOOR }));

  const sockets = new Set<Socket>();
  const handshakes = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    greet(socket, () => {
      for (const handshake of handshakes) handshake.call(server, socket);
    });
  });
  return {
    server,
    closeUnfinished: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Looks at the first byte: a TLS record begins with none that is a letter, a request of http with one. */
function greet(socket: Socket, handshake: () => void): void {
  const giveUp = (): void => void socket.destroy();
  socket.setTimeout(HANDSHAKE_MS, giveUp);
  socket.on("error", giveUp);
  socket.once("readable", () => {
    const first = socket.read() as Buffer | null;
    if (first === null) return giveUp();
    if (isLetter(first[0] ?? 0)) return refusePlain(socket);
    socket.setTimeout(0);
    socket.off("timeout", giveUp);
    socket.off("error", giveUp);
    socket.unshift(first);
    handshake();
  });
}

function isLetter(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function refusePlain(socket: Socket): void {
  const message = "This port speaks TLS. Write the address with https instead of http.";
  socket.end(rawAnswer(400, message));
  // What is still on its way would otherwise reset the connection before the answer is read.
  socket.resume();
}
