// One line: what ran in it, and what went in and came out.

import { images, make, many, runs, seconds, status } from "./element.js";

const title = make("h2", { id: "trace" });
const content = make("div", { class: "body" });
const earlier = make("button", { class: "button", type: "button", onclick: () => step(-1) }, "Previous line");
const later = make("button", { class: "button", type: "button", onclick: () => step(1) }, "Next line");
export const dialog = make(
  "dialog",
  { "aria-labelledby": "trace" },
  make(
    "header",
    {},
    title,
    earlier,
    later,
    make("button", { class: "button", type: "button", onclick: () => dialog.close() }, "Close"),
  ),
  content,
);
/** @typedef {import("./element.js").Row} Row */
/** @type {Row | undefined} */
let current;
/** The lines that the table shows, and how one of them comes into sight. */
let around = { rows: [], show() {} };

dialog.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(event.key === "ArrowLeft" ? -1 : 1);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  const label = `Trace of line ${current?.line}`;
  [...document.querySelectorAll(".line")].find((button) => button.getAttribute("aria-label") === label)?.focus();
});

function step(by) {
  const next = around.rows[around.rows.indexOf(current) + by];
  if (!next) return;
  around.show(next);
  openLine(next, around);
}

export function openLine(row, table) {
  current = row;
  around = table;
  const place = table.rows.indexOf(row);
  title.textContent = `Line ${row.line}`;
  earlier.disabled = place <= 0;
  later.disabled = place >= table.rows.length - 1;
  content.replaceChildren(...row.byRun.flatMap((line, index) => (line ? [lineTrace(line, runs[index].run)] : [])));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function lineTrace(line, run) {
  const span = { start: line.start, total: Math.max(1, line.end - line.start) };
  const parts = [
    many ? make("h3", { class: "run" }, run.title) : undefined,
    make(
      "div",
      { class: "result" },
      status(line.status),
      ` in ${seconds(line.end - line.start)}${line.tokens > 0 ? `, ${line.tokens} tokens` : ""}`,
    ),
    texts("Inputs", line.inputs),
    line.error === undefined ? texts("Outputs", line.outputs) : block("Error", line.error, true),
    line.children.length > 0
      ? make(
          "div",
          {},
          make("h3", {}, "Trace"),
          make("ul", { class: "tree" }, ...line.children.map((call) => branch(call, span))),
        )
      : undefined,
  ];
  return make("section", { class: "one-run", "aria-label": run.title }, ...parts);
}

function texts(head, values) {
  const entries = Object.entries(values);
  if (entries.length === 0) return undefined;
  return make(
    "div",
    {},
    make("h3", {}, head),
    ...entries.map(([name, text]) =>
      make("div", {}, make("span", { class: "quiet" }, name), make("pre", { tabindex: "0" }, text), ...images(text)),
    ),
  );
}

function block(head, text, failed = false) {
  return text === undefined
    ? undefined
    : make(
        "div",
        {},
        make("h3", {}, head),
        make("pre", { class: failed ? "failed" : "", tabindex: "0" }, text),
        ...images(text),
      );
}

function branch(call, span) {
  const bar = make("span");
  const from = ((call.start - span.start) / span.total) * 100;
  bar.style.setProperty("--from", `${Math.min(100, Math.max(0, from))}%`);
  bar.style.setProperty("--share", `${Math.min(100, Math.max(0, ((call.end - call.start) / span.total) * 100))}%`);
  const summary = make(
    "summary",
    {},
    make("span", { class: "name" }, call.name),
    status(call.status),
    make("span", { class: "track", "data-status": call.status, "aria-hidden": "true" }, bar),
    make("span", { class: "number" }, seconds(call.end - call.start)),
  );
  const tokens = call.tokens > 0 ? make("div", { class: "quiet" }, `${call.tokens} tokens`) : undefined;
  const values = make(
    "div",
    { class: "values" },
    tokens,
    block("Inputs", call.inputs),
    block("Output", call.output),
    block("Error", call.error, true),
    block("Log", call.log),
  );
  const below =
    call.children.length > 0 ? make("ul", {}, ...call.children.map((child) => branch(child, span))) : undefined;
  return make("li", {}, make("details", { open: call.status === "Failed" }, summary, values), below);
}
