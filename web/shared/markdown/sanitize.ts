import DOMPurify from "dompurify";
import { safeUrl } from "./safe-url.ts";

const TAGS =
  "a b blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre s small span strong sub sup table tbody td th thead tr u ul";
const ATTRIBUTES = "align aria-label class data-cite data-copy href rel role start tabindex target type";

DOMPurify.addHook("afterSanitizeAttributes", (element) => {
  if (!element.hasAttribute("href")) return;
  if (!safeUrl(element.getAttribute("href") ?? "")) element.removeAttribute("href");
  element.setAttribute("rel", "noopener noreferrer nofollow");
  element.setAttribute("target", "_blank");
});

/** The only way for text to become HTML in this page. Where the browser has Trusted Types, the result is one. */
export function sanitize(html: string): TrustedHTML | string {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS.split(" "),
    ALLOWED_ATTR: ATTRIBUTES.split(" "),
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_TRUSTED_TYPE: true,
  });
}
