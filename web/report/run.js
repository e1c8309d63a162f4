// The runs: a card for each, and their metrics side by side.

import { make, rounded, runs, seconds, status } from "./element.js";
import { showOnly } from "./line.js";

export function runCard({ run }) {
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
  for (const { node, message } of run.faults)
    list.append(
      make("dt", {}, node === undefined ? "Error" : `${node} failed`),
      make("dd", { class: "fault" }, message),
    );
  return make("li", { class: "card" }, make("h2", {}, run.title, status(run.status)), list);
}

function failedLines({ total, failed }) {
  const show = make("button", { class: "line", type: "button", onclick: () => showOnly("Failed") }, `${failed} failed`);
  return make("span", {}, `${total}, `, show);
}

export function metricsPanel() {
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
