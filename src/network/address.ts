/** Whether a host name or address stands for this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The host of a `Host` header or of an origin's authority, without its port; empty when it is malformed. */
export function hostOf(authority: string): string {
  if (!/^(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?$/.test(authority) || !URL.canParse(`http://${authority}`)) return "";
  return new URL(`http://${authority}`).hostname;
}
