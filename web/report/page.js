// The whole page, put together.

import { make, many, runs } from "./element.js";
import { linesPanel, refresh } from "./line.js";
import { metricsPanel, runCard } from "./run.js";
import { dialog } from "./trace.js";

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
