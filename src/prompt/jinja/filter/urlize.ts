// The filter `urlize`: addresses in a text become links, by the rules of Jinja.

import type { Bound } from "../bind.ts";
import { fault } from "../fault.ts";
import { escapeHtml } from "../html.ts";
import { iterate, truth } from "../sequence.ts";
import { characters, repr, str } from "../text.ts";

export interface LinkOptions {
  /** Characters of an address that are shown, null for all. */
  limit: number | null;
  /** The attributes of links to pages, each with a blank before it. */
  attributes: string;
  /** Further beginnings of addresses, such as `ftp:`. */
  schemes: readonly string[];
}

/** @throws Fault FilterArgumentError for what can not begin an address */
export function linkOptions(bound: Bound): LinkOptions {
  const rel = new Set(["noopener", ...(bound.optionalText("rel") ?? "").split(/\s+/).filter(Boolean)]);
  if (truth(bound.get("nofollow") ?? false)) rel.add("nofollow");
  const target = bound.optionalText("target") ?? "";
  const schemes = iterate(bound.get("extra_schemes") ?? []).map(str);
  const wrong = schemes.find((scheme) => !/^([\w.+-]{2,}:(\/){0,2})$/.test(scheme));
  if (wrong !== undefined) fault("FilterArgumentError", `${repr(wrong)} is not a valid URI scheme prefix.`);
  const relation = ` rel="${escapeHtml([...rel].sort().join(" "))}"`;
  return {
    limit: (bound.get("trim_url_limit") ?? null) === null ? null : bound.integer("trim_url_limit", 0),
    attributes: relation + (target === "" ? "" : ` target="${escapeHtml(target)}"`),
    schemes,
  };
}

const DOMAIN = String.raw`(?:https?://|www\.)(?:[\p{L}\p{N}_%-]+\.)*(?:[a-z]{2,63}|xn--[\p{L}\p{N}_%]{2,59})`;
const KNOWN = String.raw`(?:[\p{L}\p{N}_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)`;
const NUMBERS = String.raw`https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])`;
const PAGE = new RegExp(`^(?:${DOMAIN}|${KNOWN}|${NUMBERS})(?::\\d{1,5})?(?:[/?#]\\S*)?$`, "iu");
const MAIL = /^\S+@[\p{L}\p{N}_][\p{L}\p{N}_.-]*\.[\p{L}\p{N}_]+$/u;

/** Longer words are no addresses, and the patterns above are not tried on them. */
const LONGEST = 4096;

export function urlize(text: string, options: LinkOptions): string {
  return escapeHtml(text)
    .split(/(\s+)/)
    .map((word) => (word.length > LONGEST ? word : linked(word, options)))
    .join("");
}

function linked(word: string, options: LinkOptions): string {
  const head = /^(?:[(<]|&lt;)+/.exec(word)?.[0] ?? "";
  let middle = word.slice(head.length);
  let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? "";
  middle = middle.slice(0, middle.length - tail.length);
  for (const [open, close] of [
    ["(", ")"],
    ["<", ">"],
    ["&lt;", "&gt;"],
  ] as const) {
    const opened = count(middle, open);
    if (opened <= count(middle, close)) continue;
    for (let left = Math.min(opened, count(tail, close)); left > 0; left--) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return head + link(middle, options) + tail;
}

function link(address: string, { limit, attributes, schemes }: LinkOptions): string {
  if (PAGE.test(address)) {
    const letters = characters(address);
    const shown = limit !== null && letters.length > limit ? `${letters.slice(0, limit).join("")}...` : address;
    return `<a href="${/^https?:\/\//.test(address) ? "" : "https://"}${address}"${attributes}>${shown}</a>`;
  }
  if (address.startsWith("mailto:") && MAIL.test(address.slice(7))) {
    return `<a href="${address}">${address.slice(7)}</a>`;
  }
  if (address.includes("@") && !/^(?:www\.|@)/.test(address) && !address.includes(":") && MAIL.test(address)) {
    return `<a href="mailto:${address}">${address}</a>`;
  }
  let out = address;
  for (const scheme of schemes) {
    if (out !== scheme && out.startsWith(scheme)) out = `<a href="${out}"${attributes}>${out}</a>`;
  }
  return out;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
