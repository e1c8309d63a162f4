// Reads keys of a parsed document one by one and keeps what became of each: a wrong value is a finding with its line, and
// reading goes on, so that one pass tells everything that is wrong.

import { Float, type Value, type ValueMap, isInt, isMap, pyStr, toNumber } from "../../base/value.ts";
import type { Finding } from "./finding.ts";

export interface SpecSource {
  file: string;
  value: ValueMap;
  lineOf(path: readonly (string | number)[]): number;
}

export interface Range {
  min: number;
  max: number;
}

const TRUE = new Set(["true", "yes", "1"]);
const FALSE = new Set(["false", "no", "0"]);

export class SpecReader {
  readonly findings: Finding[];
  readonly #source: SpecSource;
  readonly #map: ValueMap;
  readonly #path: readonly string[];
  readonly #seen = new Set<string>();

  constructor(source: SpecSource, at: { map?: ValueMap; path?: readonly string[]; findings?: Finding[] } = {}) {
    this.#source = source;
    this.#map = at.map ?? source.value;
    this.#path = at.path ?? [];
    this.findings = at.findings ?? [];
  }

  /** Whether the key is there and not null. */
  has(key: string): boolean {
    return this.#map[key] !== undefined && this.#map[key] !== null;
  }

  value(key: string): Value | undefined {
    return this.has(key) ? this.#map[key] : undefined;
  }

  keys(): string[] {
    return Object.keys(this.#map);
  }

  use(key: string): void {
    this.#note("used", key);
  }

  assume(key: string, why: string): void {
    this.#note("assumed", key, why);
  }

  ignore(key: string, why: string): void {
    if (Object.hasOwn(this.#map, key)) this.#note("ignored", key, why);
  }

  refuse(key: string, why: string): void {
    this.#note("refused", key, why);
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (isMap(value) || Array.isArray(value)) return this.#wrong(key, "it is not a text");
    this.use(key);
    return pyStr(value);
  }

  whole(key: string, { min, max }: Range): number | undefined {
    const number = this.#number(key);
    if (number === undefined) return undefined;
    if (!Number.isInteger(number)) return this.#wrong(key, `${number} is not a whole number`);
    return this.#within(key, number, { min, max });
  }

  /** Any number in the range. */
  number(key: string, range: Range): number | undefined {
    const number = this.#number(key);
    return number === undefined ? undefined : this.#within(key, number, range);
  }

  /** A boolean, or its text: the original's own examples quote it. */
  flag(key: string): boolean | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    const text = pyStr(value).toLowerCase();
    if (!TRUE.has(text) && !FALSE.has(text)) return this.#wrong(key, `"${text}" is neither true nor false`);
    this.use(key);
    return TRUE.has(text);
  }

  /** One of the words, in any case, with or without underscores. */
  choice<Word extends string>(key: string, words: readonly Word[]): Word | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    const plain = (text: string): string => text.toLowerCase().replaceAll(/[_\s-]/g, "");
    const found = words.find((word) => plain(word) === plain(pyStr(value)));
    if (found === undefined) return this.#wrong(key, `"${pyStr(value)}" is none of ${words.join(", ")}`);
    this.use(key);
    return found;
  }

  /** A mapping of texts; other scalars become their text. A mapping in it is refused at its own line, or kept as text. */
  texts(key: string): Record<string, string> {
    const section = this.section(key);
    if (!section) return {};
    const found: Record<string, string> = {};
    for (const name of section.keys()) {
      const value = section.value(name);
      // `{insert random GUID}` is a mapping in YAML and a placeholder to those who wrote it.
      found[name] = isMap(value) ? `{${Object.keys(value).join(", ")}}` : pyStr(value ?? "");
      section.use(name);
    }
    return found;
  }

  /** The reader of a mapping below; undefined when the key is missing or holds something else, which is then refused. */
  section(key: string): SpecReader | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!isMap(value)) return this.#wrong(key, "it is not a mapping");
    this.#seen.add(key);
    return new SpecReader(this.#source, { map: value, path: [...this.#path, key], findings: this.findings });
  }

  /** What nobody asked for is no key of the schema. */
  finish(): void {
    for (const key of this.keys()) {
      if (!this.#seen.has(key)) this.#note("ignored", key, "the schema has no such key");
    }
  }

  #take(key: string): Value | undefined {
    if (!Object.hasOwn(this.#map, key)) return undefined;
    if (this.has(key)) return this.#map[key];
    this.#note("ignored", key, "it is empty");
    return undefined;
  }

  #number(key: string): number | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (isInt(value) || value instanceof Float || typeof value === "number") return toNumber(value);
    if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
    return this.#wrong(key, "it is not a number");
  }

  #within(key: string, number: number, { min, max }: Range): number | undefined {
    if (number < min || number > max) return this.#wrong(key, `${number} is not from ${min} to ${max}`);
    this.use(key);
    return number;
  }

  #wrong(key: string, why: string): undefined {
    this.refuse(key, why);
  }

  #note(verdict: Finding["verdict"], key: string, why?: string): void {
    this.#seen.add(key);
    const path = [...this.#path, key];
    const { file } = this.#source;
    const line = this.#source.lineOf(path);
    const finding: Finding = { verdict, key: path.join("."), file, line, ...(why === undefined ? {} : { why }) };
    // What is said of a mapping holds for all that is in it.
    if (verdict === "ignored") this.#forgetBelow(finding.key);
    const earlier = this.findings.findIndex((one) => one.key === finding.key && one.file === file);
    if (earlier < 0) this.findings.push(finding);
    else if (this.findings[earlier]?.verdict !== "refused") this.findings[earlier] = finding;
  }

  #forgetBelow(key: string): void {
    const kept = this.findings.filter((one) => !one.key.startsWith(`${key}.`));
    this.findings.splice(0, this.findings.length, ...kept);
  }
}
