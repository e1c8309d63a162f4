// Markdown of a model to HTML that may stand in the page. What a model writes is a stranger's text: raw HTML is shown as text,
// pictures are never fetched, links lead only to the web, and DOMPurify looks over the result once more.

import { Marked, type Tokens } from "marked";
import remend from "remend";
import { type SourceTitles, citationMark } from "./citation-mark.ts";
import { escapeHtml } from "./escape.ts";
import { safeUrl } from "./safe-url.ts";
import { sanitize } from "./sanitize.ts";

/** HTML without attributes that models like to put into tables and formulas. */
const HARMLESS_TAG = /^<\/?(?:br|sub|sup|kbd|b|i|em|strong|u|s)\s*\/?>$/i;

/** The first line of a table, as long as the line under it is not whole: bare bars that would turn into a table at once. */
const TABLE_HEAD = /^\s*\|[^\n]*(?:\n[|:\- ]*)?$/;

let titlesInUse: SourceTitles = new Map();

const marked = new Marked({
  gfm: true,
  breaks: false,
  extensions: [citationMark(() => titlesInUse)],
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => (HARMLESS_TAG.test(text.trim()) ? text : escapeHtml(text)),
    // The page's own heading is the conversation's title; an answer's headings stand below it.
    heading({ tokens, depth }) {
      const level = Math.min(6, Math.max(2, depth));
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    image: ({ href, text }) => {
      const url = safeUrl(href);
      const label = escapeHtml(text || "Picture");
      if (!url) return `<span class="image-link">${label}</span>`;
      return `<span class="image-link">${anchor(url, `${label} <small>(${escapeHtml(new URL(url).host)})</small>`)}</span>`;
    },
    link({ href, tokens }) {
      const inner = this.parser.parseInline(tokens);
      const url = safeUrl(href);
      return url ? anchor(url, inner) : inner;
    },
    code: ({ text, lang }) => {
      const language = escapeHtml((lang ?? "").split(/\s/)[0] ?? "");
      const copy = `<button type="button" class="code-copy" data-copy="code" aria-label="Copy code">Copy</button>`;
      const head = `<div class="code-head"><span>${language || "text"}</span>${copy}</div>`;
      return `<div class="code">${head}<pre tabindex="0"><code>${escapeHtml(text)}\n</code></pre></div>`;
    },
    table(token) {
      const row = (cells: Tokens.TableCell[]): string =>
        `<tr>${cells.map((cell) => this.tablecell(cell)).join("")}</tr>`;
      const body = token.rows.map(row).join("");
      return `<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead>${row(token.header)}</thead><tbody>${body}</tbody></table></div>`;
    },
    checkbox: ({ checked }) => `<span class="checkbox">${checked ? "☑" : "☐"} </span>`,
  },
});

/** `open` says that more text may come: marks that are not closed yet are closed, and half a citation or half a table head is held back. */
export function renderMarkdown(raw: string, titles: SourceTitles, open: boolean): TrustedHTML | string {
  titlesInUse = titles;
  if (open && TABLE_HEAD.test(raw)) return sanitize("");
  const source = open ? remend(raw.replace(/\[[\d\s,;]{0,16}$/, ""), { linkMode: "text-only", katex: false }) : raw;
  return sanitize(marked.parse(source, { async: false }));
}

function anchor(url: string, inner: string): string {
  return `<a href="${escapeHtml(url)}" target="_blank" rel="noopener noreferrer nofollow">${inner}</a>`;
}
