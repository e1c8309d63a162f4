// The lines that a page draws, from which tables with borders are known exactly. Text alone does not tell where a cell ends.

import { getResolvedPDFJS } from "unpdf";

/** A straight line along one axis: at `at` of the other one. */
export interface Rule {
  at: number;
  from: number;
  to: number;
}

export interface Rules {
  horizontal: Rule[];
  vertical: Rule[];
}

interface Drawing {
  getOperatorList(): Promise<{ fnArray: ArrayLike<number>; argsArray: readonly unknown[] }>;
}

type Matrix = readonly number[];

// Borders are drawn as lines or as filled boxes no thicker than this.
const THICKEST = 3;
const SHORTEST = 4;
/** A page of more is a drawing or a map and no table. */
const MOST_RULES = 20_000;

// pdf.js asks for this method of ES2024, which Node 20 lacks; without it no page with text gives its drawing.
if (!("transferToFixedLength" in ArrayBuffer.prototype)) {
  // oxlint-disable-next-line no-extend-native
  Object.defineProperty(ArrayBuffer.prototype, "transferToFixedLength", {
    value(this: ArrayBuffer, length = this.byteLength): ArrayBuffer {
      return this.slice(0, length);
    },
  });
}

export async function rulesOf(page: Drawing): Promise<Rules> {
  const { OPS } = await getResolvedPDFJS();
  const { fnArray, argsArray } = await page.getOperatorList();
  const rules: Rules = { horizontal: [], vertical: [] };
  const saved: Matrix[] = [];
  let matrix: Matrix = [1, 0, 0, 1, 0, 0];
  for (let at = 0; at < fnArray.length; at++) {
    const operator = fnArray[at];
    const values = argsArray[at] as readonly unknown[] | null;
    if (operator === OPS.save) saved.push(matrix);
    else if (operator === OPS.restore) matrix = saved.pop() ?? matrix;
    else if (operator === OPS.transform) matrix = product(matrix, values as Matrix);
    else if (operator === OPS.paintFormXObjectBegin) {
      saved.push(matrix);
      if (values?.[0]) matrix = product(matrix, values[0] as Matrix);
    } else if (operator === OPS.paintFormXObjectEnd) matrix = saved.pop() ?? matrix;
    else if (operator === OPS.constructPath && values) addPath(values, matrix, { rules, OPS });
    if (rules.horizontal.length + rules.vertical.length > MOST_RULES) return { horizontal: [], vertical: [] };
  }
  return rules;
}

interface Into {
  rules: Rules;
  OPS: Record<string, number>;
}

function addPath([paint, paths]: readonly unknown[], matrix: Matrix, { rules, OPS }: Into): void {
  const [data] = paths as [ArrayLike<number> | null];
  if (!data || paint === OPS["endPath"]) return;
  const isFilled = ![OPS["stroke"], OPS["closeStroke"]].includes(paint as number);
  for (const points of straightPaths(data)) {
    const placed = points.map(([x, y]) => place(matrix, x, y));
    const xs = placed.map(([x]) => x);
    const ys = placed.map(([, y]) => y);
    const box = { left: Math.min(...xs), right: Math.max(...xs), bottom: Math.min(...ys), top: Math.max(...ys) };
    const width = box.right - box.left;
    const height = box.top - box.bottom;
    if (height <= THICKEST && width >= SHORTEST) addHorizontal(rules, (box.bottom + box.top) / 2, box);
    else if (width <= THICKEST && height >= SHORTEST) addVertical(rules, (box.left + box.right) / 2, box);
    else if (!isFilled) {
      for (let at = 1; at < placed.length; at++) {
        const [[x1, y1], [x2, y2]] = [placed[at - 1]!, placed[at]!];
        const side = {
          left: Math.min(x1, x2),
          right: Math.max(x1, x2),
          bottom: Math.min(y1, y2),
          top: Math.max(y1, y2),
        };
        if (Math.abs(y1 - y2) < 0.5) addHorizontal(rules, y1, side);
        else if (Math.abs(x1 - x2) < 0.5) addVertical(rules, x1, side);
      }
    }
  }
}

interface Box {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

function addHorizontal({ horizontal }: Rules, at: number, { left, right }: Box): void {
  horizontal.push({ at, from: left, to: right });
}

function addVertical({ vertical }: Rules, at: number, { bottom, top }: Box): void {
  vertical.push({ at, from: bottom, to: top });
}

type Point = readonly [x: number, y: number];

/** Paths of straight lines; one with a curve is no border. */
function straightPaths(data: ArrayLike<number>): Point[][] {
  const paths: Point[][] = [];
  let path: Point[] = [];
  let at = 0;
  const point = (): Point => [data[at++]!, data[at++]!];
  const end = (): void => {
    if (path.length > 1) paths.push(path);
    path = [];
  };
  while (at < data.length) {
    const kind = data[at++];
    if (kind === 0) {
      end();
      path = [point()];
    } else if (kind === 1) path.push(point());
    else if (kind === 4) {
      if (path.length > 0) path.push(path[0]!);
      end();
    } else {
      at += kind === 2 ? 4 : 2;
      path = [point()];
    }
  }
  end();
  return paths;
}

function product(a: Matrix, b: Matrix): Matrix {
  const [a0, a1, a2, a3, a4, a5] = a as [number, number, number, number, number, number];
  const [b0, b1, b2, b3, b4, b5] = b as [number, number, number, number, number, number];
  return [
    a0 * b0 + a2 * b1,
    a1 * b0 + a3 * b1,
    a0 * b2 + a2 * b3,
    a1 * b2 + a3 * b3,
    a0 * b4 + a2 * b5 + a4,
    a1 * b4 + a3 * b5 + a5,
  ];
}

function place(matrix: Matrix, x: number, y: number): Point {
  const [a, b, c, d, e, f] = matrix as [number, number, number, number, number, number];
  return [a * x + c * y + e, b * x + d * y + f];
}
