// Clients that keep a server waiting, in a process of their own: a third says nothing, a third sends the head of a request a
// byte at a time, a third half a body. Those that the server lets go come back.

import { type Socket, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const [host = "", port = "", count = "0", key = ""] = process.argv.slice(2);
const HALVES = [
  "",
  "POST /endpoints/bench",
  `POST /endpoints/bench/score HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-length: 1000\r\n\r\n{"question"`,
];
/** No more at once than the system keeps waiting for a listener. */
const AT_ONCE = 100;
const DRIP_MS = 2_000;

const sockets = new Set<Socket>();
let opened = 0;

async function open(): Promise<void> {
  const kind = opened++ % HALVES.length;
  const socket = connect(Number(port), host);
  sockets.add(socket);
  socket.resume();
  socket.on("error", () => {});
  socket.once("close", () => sockets.delete(socket));
  await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", resolve));
  socket.write(HALVES[kind] ?? "");
  if (kind !== 1) return;
  const drip = setInterval(() => socket.writable && socket.write("x"), DRIP_MS);
  socket.once("close", () => clearInterval(drip));
}

async function fill(): Promise<void> {
  while (sockets.size < Number(count)) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count) - sockets.size) }, open));
  }
}

await fill();
console.log(`  open ${sockets.size}`);
process.once("SIGTERM", () => process.exit(0));
for (;;) {
  await delay(100);
  await fill();
}
