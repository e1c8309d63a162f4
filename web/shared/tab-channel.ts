/** Tells the other tabs of this browser which conversation has changed. */
export function tabChannel(name: string, onTold: (id: string) => void): { tell(id: string): void } {
  if (!("BroadcastChannel" in globalThis)) return { tell: () => undefined };
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", (event) => {
    if (typeof event.data === "string") onTold(event.data);
  });
  return { tell: (id) => channel.postMessage(id) };
}
