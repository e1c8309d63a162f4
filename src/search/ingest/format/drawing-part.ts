// What a slide or page shows by way of another part: a diagram (SmartArt) or a chart.

import type { DocumentBuilder } from "./document-builder.ts";
import type { OfficePackage, Relation } from "./office-package.ts";
import type { Shape } from "./pptx-slide.ts";
import { headerOf } from "./table.ts";
import { readXml } from "./xml.ts";

/** Diagrams and charts that a part refers to, in the order of their names. */
export function readDrawings(office: OfficePackage, part: string): Shape[] {
  const relations = [...office.relations(part).values()].sort((a, b) => (a.part < b.part ? -1 : 1));
  return relations.flatMap((relation) => readDrawing(office, relation));
}

/** One of them; nothing for a relation of another kind. */
export function readDrawing(office: OfficePackage, { kind, part }: Relation): Shape[] {
  const xml = kind === "diagramData" || kind === "chart" ? office.xml(part) : undefined;
  if (xml === undefined) return [];
  return kind === "chart" ? readChart(xml) : readDiagram(xml);
}

export function addShape({ role, lines, rows, hasHeader }: Shape, builder: DocumentBuilder): void {
  if (rows.length > 0) builder.table(rows, hasHeader ?? headerOf(rows));
  if (role === "list" && lines.length > 1) for (const { text, depth } of lines) builder.item(text, depth);
  else builder.paragraph(lines.map(({ text }) => text).join("\n"));
}

function readDiagram(xml: string): Shape[] {
  const lines: Shape["lines"] = [];
  let text = "";
  let inText = false;
  readXml(xml, {
    open(name) {
      if (name === "p") text = "";
      inText = name === "t" || (inText && name !== "p");
    },
    text: (part) => (text += inText ? part : ""),
    close(name) {
      if (name === "t" || name === "r") inText = false;
      if (name === "p" && text.trim() !== "") lines.push({ text, depth: 1 });
    },
  });
  return lines.length === 0 ? [] : [{ role: "list", lines, rows: [] }];
}

interface Series {
  name: string;
  labels: Map<number, string>;
  values: Map<number, string>;
}

const MOST_POINTS = 2000;

/** The numbers that a chart keeps of what it was drawn from, as a table: a row for each category. */
function readChart(xml: string): Shape[] {
  const series: Series[] = [];
  const path: string[] = [];
  let title = "";
  let text = "";
  let index = 0;
  readXml(xml, {
    open(name, attributes) {
      path.push(name);
      text = "";
      if (name === "ser") series.push({ name: "", labels: new Map(), values: new Map() });
      if (name === "pt") index = Number(attributes["idx"] ?? 0);
    },
    text: (part) => (text += part),
    close(name) {
      path.pop();
      const last = series.at(-1);
      if (name === "t" && path.includes("title") && !path.includes("valAx") && !path.includes("catAx")) title += text;
      if (name !== "v" || !last) return;
      if (path.includes("tx")) last.name = text;
      else if (path.includes("cat") || path.includes("xVal")) last.labels.set(index, text);
      else if (path.includes("val") || path.includes("yVal")) last.values.set(index, text);
    },
  });
  const places = [...new Set(series.flatMap(({ labels, values }) => [...labels.keys(), ...values.keys()]))];
  const rows = places
    .sort((a, b) => a - b)
    .slice(0, MOST_POINTS)
    .map((at) => {
      const label = series.find(({ labels }) => labels.has(at))?.labels.get(at) ?? "";
      return [label, ...series.map(({ values }) => values.get(at) ?? "")];
    });
  const shapes: Shape[] = [];
  if (title.trim() !== "") shapes.push({ role: "text", lines: [{ text: title, depth: 1 }], rows: [] });
  if (rows.length > 0)
    shapes.push({ role: "text", lines: [], rows: [["", ...series.map(({ name }) => name)], ...rows], hasHeader: true });
  return shapes;
}
