// Which addresses of images are refused before anybody fetches them. A name that only resolves to such an address is
// refused where it is fetched; here stands what the address itself says.

import { FlowsteadError } from "../base/error/error.ts";

/**
 * @param told the address to speak of, when this one is where another one led
 * @throws FlowsteadError `InvalidImageInput` for anything but http(s) to a host that may be public.
 */
export function checkImageAddress(address: string, told: string = address): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw refused(told, "Images are fetched by http and https only.");
  if (isPrivateHost(url.hostname)) throw refused(told, "Images are not fetched from private or local addresses.");
}

/** Ranges that are not routed on the internet, as leading bits of an IPv4 address. */
const PRIVATE_RANGES: readonly [address: string, bits: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** `host` as `URL` writes it: numbers in any notation are dotted by then, and IPv6 stands in brackets. */
export function isPrivateHost(host: string): boolean {
  const name = host.replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  if (name.startsWith("[")) return !/^\[[23]/.test(name) || name.startsWith("[2001:db8:");
  const address = toBits(name);
  if (address === undefined) return false;
  return PRIVATE_RANGES.some(([range, bits]) => address >>> (32 - bits) === (toBits(range) ?? 0) >>> (32 - bits));
}

function toBits(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  return match?.slice(1).reduce((bits, part) => ((bits << 8) | Number(part)) >>> 0, 0);
}

function refused(address: string, remedy: string): FlowsteadError {
  return new FlowsteadError("InvalidImageInput", `Failed to fetch image from URL: ${address.slice(0, 500)}.`, {
    details: { remedy },
  });
}
