// The lines as a table that is searched, sorted and compared.

import { images, make, many, runs, status, view } from "./element.js";
import { openLine } from "./trace.js";

/**
 * @typedef {import("./element.js").Row} Row
 * @typedef {import("./element.js").Column} Column
 */

/** Characters from which on a text needs room, since a column of few letters cannot be read. */
const WIDE = 24;

const rows = joined();
const columns = columnsOf();
const table = make("table", { class: "grid" });
const shown = make("span", { class: "quiet", role: "status" });
const before = make("button", { class: "button", type: "button", onclick: () => turn(-1) }, "Previous");
const after = make("button", { class: "button", type: "button", onclick: () => turn(1) }, "Next");
/** @type {Row[]} */
let found = [];

/** @returns {Row[]} */
function joined() {
  const byLine = new Map();
  for (const [index, { lines }] of runs.entries()) {
    for (const line of lines) {
      const row = byLine.get(line.line) ?? { line: line.line, byRun: runs.map(() => undefined) };
      row.byRun[index] = line;
      byLine.set(line.line, row);
    }
  }
  return [...byLine.values()].sort((a, b) => a.line - b.line);
}

/** @returns {Column[]} */
function columnsOf() {
  const lines = runs.map((run) => run.lines);
  const inputs = [...new Set(lines.flat().flatMap(({ inputs: given }) => Object.keys(given)))];
  const all = inputs.map((name) =>
    column({
      id: `inputs.${name}`,
      head: name,
      under: "input",
      text: ({ byRun }) => byRun.find((line) => line?.inputs[name] !== undefined)?.inputs[name] ?? "",
    }),
  );
  for (const [index, { run }] of runs.entries()) {
    const names = [...new Set(lines[index].flatMap(({ outputs }) => Object.keys(outputs)))];
    const of = many ? run.title : "output";
    for (const [place, name] of (names.length > 0 ? names : ["output"]).entries()) {
      all.push(
        column({
          id: `${index}.outputs.${name}`,
          head: name,
          under: of,
          text: ({ byRun }) => byRun[index]?.outputs[name] ?? (place === 0 ? byRun[index]?.error : undefined) ?? "",
          isFailed: ({ byRun }) => byRun[index]?.error !== undefined,
        }),
      );
    }
    all.push(
      column({
        id: `${index}.status`,
        head: "Status",
        under: many ? run.title : "",
        text: ({ byRun }) => byRun[index]?.status ?? "",
      }),
    );
    all.push(
      column({
        id: `${index}.time`,
        head: "Seconds",
        under: many ? run.title : "",
        isNumber: true,
        text: ({ byRun }) => (byRun[index] ? ((byRun[index].end - byRun[index].start) / 1000).toFixed(3) : ""),
      }),
    );
    if (lines[index].some(({ tokens }) => tokens > 0)) {
      all.push(
        column({
          id: `${index}.tokens`,
          head: "Tokens",
          under: many ? run.title : "",
          isNumber: true,
          text: ({ byRun }) => String(byRun[index]?.tokens ?? ""),
        }),
      );
    }
  }
  return all;
}

/** Columns of which every value is a number are sorted and set as numbers. */
function column(given) {
  const isNumber =
    given.isNumber ??
    rows.every((row) => {
      const text = given.text(row);
      return text === "" || (text.trim() !== "" && Number.isFinite(Number(text)));
    });
  const isWide = rows.some((row) => given.text(row).length > WIDE);
  return { ...given, isNumber, isWide };
}

export function refresh() {
  const words = view.search.toLowerCase();
  found = rows.filter((row) => {
    if (view.status !== "" && !row.byRun.some((line) => line?.status === view.status)) return false;
    if (view.differing && !differs(row)) return false;
    return words === "" || columns.some(({ text }) => text(row).toLowerCase().includes(words));
  });
  const by = columns.find(({ id }) => id === view.sort);
  if (by) found.sort((a, b) => compare(by, a, b));
  if (view.down) found.reverse();
  const pages = Math.max(1, Math.ceil(found.length / view.size));
  view.page = Math.min(view.page, pages - 1);
  const from = view.page * view.size;
  draw(found.slice(from, from + view.size));
  const total = Math.max(...runs.map(({ run }) => run.total));
  const left = total > rows.length ? ` (the page has the first ${rows.length} of ${total})` : "";
  shown.textContent =
    found.length === 0
      ? `No line fits${left}`
      : `${from + 1} to ${Math.min(found.length, from + view.size)} of ${found.length} lines${left}`;
  before.disabled = view.page === 0;
  after.disabled = view.page >= pages - 1;
}

function compare({ text, isNumber }, a, b) {
  const [one, other] = [text(a), text(b)];
  if (isNumber) return Number(one === "" ? Infinity : one) - Number(other === "" ? Infinity : other) || a.line - b.line;
  return one.localeCompare(other, undefined, { numeric: true }) || a.line - b.line;
}

function differs({ byRun }) {
  const results = byRun.map((line) => JSON.stringify([line?.error ?? "", line?.outputs ?? {}]));
  return results.some((result) => result !== results[0]);
}

function draw(page) {
  const heads = [{ id: "line", head: "Line", under: "", isNumber: true }, ...columns].map((one) => {
    const order = view.sort !== one.id ? "none" : view.down ? "descending" : "ascending";
    const button = make("button", { type: "button", onclick: () => sortBy(one.id) }, one.head);
    return make(
      "th",
      { scope: "col", "aria-sort": order, "data-column": one.id },
      button,
      make("small", {}, one.under),
    );
  });
  const body = page.map((row) => {
    const open = make(
      "button",
      {
        class: "line",
        type: "button",
        "aria-label": `Trace of line ${row.line}`,
        onclick: () => openLine(row, { rows: found, show }),
      },
      String(row.line),
    );
    const cells = columns.map((one) => {
      const text = one.text(row);
      if (one.head === "Status" && text !== "") return make("td", {}, status(text));
      const pictures = images(text);
      const failed = one.isFailed?.(row) ? " failed" : "";
      const content = pictures.length > 0 ? pictures : [compact(text)];
      const cell = make("div", { class: `cell${failed}${one.isWide ? " wide" : ""}` }, ...content);
      return make("td", one.isNumber ? { class: "number" } : {}, cell);
    });
    return make("tr", {}, make("td", {}, open), ...cells);
  });
  table.replaceChildren(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
}

/** JSON on as few lines as it needs; the line's trace has it in full. */
function compact(text) {
  return /^[[{]\n/.test(text) ? text.replaceAll(/\n\s*/g, " ") : text;
}

export function showOnly(word) {
  const select = document.getElementById("status");
  select.value = word;
  select.dispatchEvent(new Event("change"));
  select.scrollIntoView({ block: "center" });
  select.focus();
}

function sortBy(id) {
  view.down = view.sort === id && !view.down;
  view.sort = id;
  refresh();
  table.querySelector(`th[data-column="${CSS.escape(id)}"] button`)?.focus();
}

function show(row) {
  view.page = Math.floor(found.indexOf(row) / view.size);
  refresh();
}

function turn(step) {
  view.page += step;
  refresh();
  table.parentElement.scrollTop = 0;
}

table.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...table.querySelectorAll("tbody .line")];
  const at = buttons.indexOf(document.activeElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  buttons[Math.max(0, Math.min(buttons.length - 1, at + step))].focus();
});

export function linesPanel() {
  const change = (name, read) => (event) => {
    view[name] = read(event.target);
    view.page = 0;
    refresh();
  };
  const words = [...new Set(rows.flatMap(({ byRun }) => byRun.map((line) => line?.status)))].filter(Boolean);
  const statuses = make(
    "select",
    { id: "status", onchange: change("status", ({ value }) => value) },
    make("option", { value: "" }, "All"),
    ...words.map((word) => make("option", { value: word }, word)),
  );
  const sizes = make(
    "select",
    { onchange: change("size", ({ value }) => Number(value)) },
    ...[25, 50, 100, 500].map((size) => make("option", { value: String(size) }, String(size))),
  );
  const search = make("input", {
    type: "search",
    placeholder: "Any input or output",
    oninput: change("search", ({ value }) => value),
  });
  const differing = make("input", { type: "checkbox", onchange: change("differing", ({ checked }) => checked) });
  return make(
    "section",
    { class: "panel", "aria-labelledby": "lines" },
    make("h2", { id: "lines" }, "Lines"),
    make(
      "div",
      { class: "tools" },
      make("label", {}, "Search", search),
      make("label", {}, "Status", statuses),
      make("label", {}, "Lines a page", sizes),
      many ? make("label", { class: "check" }, differing, "Only lines that differ") : undefined,
      make("div", { class: "pager" }, shown, before, after),
    ),
    make("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "lines" }, table),
  );
}
