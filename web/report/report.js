// The page that `run visualize` writes. What comes from runs is put in as text, never as markup.

"use strict";

(() => {
  /**
   * @typedef {{ name: string, kind: string, status: string, start: number, end: number, inputs?: string, output?: string,
   *   error?: string, log?: string, tokens: number, children: Call[] }} Call
   * @typedef {Call & { line: number, inputs: Record<string, string>, outputs: Record<string, string> }} Line
   * @typedef {{ run: any, lines: Line[] }} Run
   * @typedef {{ line: number, byRun: (Line | undefined)[] }} Row
   * @typedef {{ id: string, head: string, under: string, text(row: Row): string, isNumber: boolean, isFailed?(row: Row): boolean }} Column
   */

  /** @type {{ runs: Run[] }} */
  const { runs } = JSON.parse(document.getElementById("data").textContent);
  const many = runs.length > 1;
  const view = { search: "", status: "", differing: false, sort: "line", down: false, page: 0, size: 25 };

  /** @returns {any} */
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "class") element.className = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (typeof value === "boolean") element.toggleAttribute(name, value);
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== undefined));
    return element;
  }

  const seconds = (ms) => {
    if (ms < 1000) return ms > 0 && ms < 1 ? "under 1 ms" : `${Math.round(ms)} ms`;
    return ms >= 100_000 ? `${Math.round(ms / 1000)} s` : `${(ms / 1000).toFixed(2)} s`;
  };
  /** A metric as it is read; its other digits stand in its title. */
  const rounded = (text) => (/^-?\d+\.\d{7,}$/.test(text) ? String(Number(Number(text).toPrecision(6))) : text);
  const status = (word) => make("span", { class: "status", "data-status": word }, word);

  // ---- the runs

  function runCard({ run }) {
    const took = run.ended === "" ? "" : seconds(Date.parse(run.ended) - Date.parse(run.created));
    const facts = {
      Name: run.name,
      Flow: run.variant === "" ? run.flow : `${run.flow}, ${run.variant}`,
      Data: run.data,
      "Over run": run.source,
      Began: new Date(run.created).toLocaleString(),
      Took: took,
      Lines: run.failed > 0 ? failedLines(run) : String(run.total),
      Tokens: run.tokens > 0 ? run.tokens.toLocaleString() : "",
      Tags: Object.entries(run.tags)
        .map(([name, value]) => `${name}: ${value}`)
        .join(", "),
      Description: run.description,
    };
    const list = make("dl");
    for (const [name, value] of Object.entries(facts))
      if (value !== "") list.append(make("dt", {}, name), make("dd", {}, value));
    return make("li", { class: "card" }, make("h2", {}, run.title, status(run.status)), list);
  }

  function failedLines({ total, failed }) {
    const show = make(
      "button",
      { class: "line", type: "button", onclick: () => showOnly("Failed") },
      `${failed} failed`,
    );
    return make("span", {}, `${total}, `, show);
  }

  function metricsPanel() {
    const names = [...new Set(runs.flatMap(({ run }) => Object.keys(run.metrics)))];
    if (names.length === 0) return undefined;
    const body = names.map((name) => {
      const first = Number(runs[0].run.metrics[name]);
      const cells = runs.map(({ run }, index) => {
        const text = run.metrics[name] ?? "";
        const change = Number(text) - first;
        const shown =
          index === 0 || text === "" || !Number.isFinite(change) || change === 0
            ? ""
            : ` (${change > 0 ? "+" : ""}${+change.toPrecision(4)})`;
        return make("td", { class: "number", title: text }, rounded(text), make("span", { class: "quiet" }, shown));
      });
      return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
    });
    const heads = runs.map(({ run }) => make("th", { scope: "col", class: "number" }, run.title));
    return make(
      "section",
      { class: "panel", "aria-labelledby": "metrics" },
      make("h2", { id: "metrics" }, "Metrics"),
      make(
        "div",
        { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "metrics" },
        make(
          "table",
          { class: "metrics" },
          make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Metric"), ...heads)),
          make("tbody", {}, ...body),
        ),
      ),
    );
  }

  // ---- the lines

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
    return { ...given, isNumber };
  }

  function refresh() {
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
    if (isNumber)
      return Number(one === "" ? Infinity : one) - Number(other === "" ? Infinity : other) || a.line - b.line;
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
        { class: "line", type: "button", "aria-label": `Trace of line ${row.line}`, onclick: () => openLine(row) },
        String(row.line),
      );
      const cells = columns.map((one) => {
        const text = one.text(row);
        if (one.head === "Status" && text !== "") return make("td", {}, status(text));
        const cell = make("div", { class: one.isFailed?.(row) ? "cell failed" : "cell" }, compact(text));
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

  function showOnly(word) {
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

  function linesPanel() {
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

  // ---- one line

  const title = make("h2", { id: "trace" });
  const content = make("div", { class: "body" });
  const earlier = make("button", { class: "button", type: "button", onclick: () => step(-1) }, "Previous line");
  const later = make("button", { class: "button", type: "button", onclick: () => step(1) }, "Next line");
  const dialog = make(
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
  /** @type {Row | undefined} */
  let current;

  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(event.key === "ArrowLeft" ? -1 : 1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    const label = `Trace of line ${current?.line}`;
    [...table.querySelectorAll(".line")].find((button) => button.getAttribute("aria-label") === label)?.focus();
  });

  function step(by) {
    const next = found[found.indexOf(current) + by];
    if (!next) return;
    view.page = Math.floor(found.indexOf(next) / view.size);
    refresh();
    openLine(next);
  }

  function openLine(row) {
    current = row;
    title.textContent = `Line ${row.line}`;
    earlier.disabled = found.indexOf(row) <= 0;
    later.disabled = found.indexOf(row) >= found.length - 1;
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
        make("div", {}, make("span", { class: "quiet" }, name), make("pre", { tabindex: "0" }, text)),
      ),
    );
  }

  function block(head, text, failed = false) {
    return text === undefined
      ? undefined
      : make("div", {}, make("h3", {}, head), make("pre", { class: failed ? "failed" : "", tabindex: "0" }, text));
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

  const heading = many ? `Comparison of ${runs.length} runs` : runs[0].run.title;
  document.body.append(
    make(
      "main",
      {},
      make("h1", {}, heading),
      make("ul", { class: "cards" }, ...runs.map(runCard)),
      metricsPanel(),
      linesPanel(),
    ),
    dialog,
  );
  refresh();
})();
