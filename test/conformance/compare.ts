// Comparison of results with expectations.

import { createHash } from "node:crypto";
import { stringifyJson } from "../../src/base/json.ts";
import { isFloat, isMap } from "../../src/base/value.ts";
import { Mismatch } from "./case.ts";

/** @throws Mismatch that names the first place where the two differ. */
export function expectEqual(actual: unknown, expected: unknown, what = "result"): void {
  const difference = differs(actual, expected, what);
  if (difference !== undefined) throw new Mismatch(difference);
}

export function expectTrue(holds: boolean, message: string): void {
  if (!holds) throw new Mismatch(message);
}

/** Runs something that has to fail, and gives what it failed with. */
export async function expectFailure(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Mismatch("it should have failed, but did not");
}

/** Where two values differ, or undefined. Keys may come in any order; `1` and `1.0` are different. */
export function differs(actual: unknown, expected: unknown, path: string): string | undefined {
  if (isMap(expected) && typeof expected["$sha256"] === "string") return differsFromHash(actual, expected, path);
  if (isMap(expected) && Array.isArray(expected["$stream"])) {
    return differs(Array.isArray(actual) ? actual.join("") : actual, (expected["$stream"] as string[]).join(""), path);
  }
  if (isMap(expected) && "$image" in expected && !(isMap(actual) && "$image" in actual)) {
    return differs(imageFacts(actual), expected, path);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return shown(actual, expected, path);
    return firstOf(expected.map((item, index) => differs(actual[index], item, `${path}[${index}]`)));
  }
  if (isMap(expected)) {
    if (!isMap(actual)) return shown(actual, expected, path);
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual).filter((key) => actual[key] !== undefined)]);
    return firstOf(
      [...keys].map((key) =>
        key in expected && key in actual
          ? differs(actual[key], expected[key], `${path}.${key}`)
          : shown(actual[key], expected[key], `${path}.${key}`),
      ),
    );
  }
  if (isFloat(expected) && isFloat(actual) && Object.is(Number(expected), Number(actual))) return undefined;
  return actual === expected ? undefined : shown(actual, expected, path);
}

/** An image in either notation of a flow's outputs, in the words of the cases. */
function imageFacts(value: unknown): unknown {
  if (!isMap(value)) return value;
  const [key, content] = Object.entries(value)[0] ?? ["", undefined];
  const basic = /^data:(image\/[^;]+);(base64|url)$/.exec(key);
  const address = isMap(value["image_url"]) ? value["image_url"]["url"] : undefined;
  const vision = typeof address === "string" ? /^data:(image\/[^;]+);base64,(.*)$/s.exec(address) : null;
  if (vision) return { $image: vision[2], mime: vision[1], source_url: null };
  return basic?.[2] === "base64" ? { $image: content, mime: basic[1], source_url: null } : value;
}

function differsFromHash(actual: unknown, expected: Record<string, unknown>, path: string): string | undefined {
  const text = typeof actual === "string" ? actual : stringifyJson(actual);
  const hash = createHash("sha256").update(text).digest("hex");
  return hash === expected["$sha256"]
    ? undefined
    : `${path}: a text of ${text.length} characters has another hash than expected`;
}

function firstOf(differences: (string | undefined)[]): string | undefined {
  return differences.find((difference) => difference !== undefined);
}

function shown(actual: unknown, expected: unknown, path: string): string {
  const show = (value: unknown): string => {
    const text = value === undefined ? "(nothing)" : stringifyJson(value);
    return text.length > 400 ? `${text.slice(0, 400)}...` : text;
  };
  return `${path}: got ${show(actual)}, expected ${show(expected)}`;
}
