// What all parts of the page use. The parts become one script, without their imports, in the order of src/run/report.ts; what
// comes from runs is put in as text, never as markup.

/**
 * @typedef {{ name: string, kind: string, status: string, start: number, end: number, inputs?: string, output?: string,
 *   error?: string, log?: string, tokens: number, children: Call[] }} Call
 * @typedef {Call & { line: number, inputs: Record<string, string>, outputs: Record<string, string> }} Line
 * @typedef {{ run: any, lines: Line[], images: Record<string, string> }} Run
 * @typedef {{ line: number, byRun: (Line | undefined)[] }} Row
 * @typedef {{ id: string, head: string, under: string, text(row: Row): string, isNumber: boolean, isWide: boolean, isFailed?(row: Row): boolean }} Column
 */

/** @type {{ runs: Run[] }} */
export const { runs } = JSON.parse(document.getElementById("data").textContent);
export const many = runs.length > 1;
export const view = { search: "", status: "", differing: false, sort: "line", down: false, page: 0, size: 25 };

/** @returns {any} */
export function make(tag, properties = {}, ...children) {
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

export const seconds = (ms) => {
  if (ms < 1000) return ms > 0 && ms < 1 ? "under 1 ms" : `${Math.round(ms)} ms`;
  return ms >= 100_000 ? `${Math.round(ms / 1000)} s` : `${(ms / 1000).toFixed(2)} s`;
};
/** A metric as it is read; its other digits stand in its title. */
export const rounded = (text) => (/^-?\d+\.\d{7,}$/.test(text) ? String(Number(Number(text).toPrecision(6))) : text);
export const status = (word) => make("span", { class: "status", "data-status": word }, word);

/** The images that a text of JSON names, as elements; those that the page does not hold are left out. */
export function images(text) {
  const names = [...text.matchAll(/"data:image\/[a-z]+;path": ("(?:[^"\\]|\\.)*")/g)].map((match) =>
    JSON.parse(match[1]),
  );
  const held = runs.map((run) => run.images);
  return names.flatMap((name) => {
    const source = held.find((one) => Object.hasOwn(one, name))?.[name];
    return source === undefined ? [] : [make("img", { src: source, alt: name })];
  });
}
