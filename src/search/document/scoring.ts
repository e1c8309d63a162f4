// Scoring profiles: weights of fields, and functions of a document's values that raise its score.

import { FlowsteadError } from "../../base/error/error.ts";
import { follow } from "../filter/evaluate.ts";
import type { Schema } from "./definition.ts";
import type { StoredDocument } from "./value.ts";

export interface Scoring {
  weights: Readonly<Record<string, number>>;
  /** What a document's score is multiplied by. */
  boost: ((document: StoredDocument) => number) | undefined;
}

interface ScoringFunction {
  type: string;
  fieldName: string;
  boost: number;
  interpolation?: string | null;
  magnitude?: { boostingRangeStart: number; boostingRangeEnd: number; constantBoostBeyondRange?: boolean | null };
  freshness?: { boostingDuration: string };
  tag?: { tagsParameter: string };
}

/** @throws FlowsteadError `InvalidRequest` for a profile or parameter that is not there. */
export function scoringOf(
  schema: Schema,
  name: string | null | undefined,
  parameters: readonly string[] | null | undefined,
): Scoring {
  const { scoringProfiles, defaultScoringProfile } = schema.definition;
  const wanted = name ?? defaultScoringProfile;
  if (!wanted) return { weights: {}, boost: undefined };
  const profile = scoringProfiles?.find((one) => one.name === wanted);
  if (!profile) throw wrong(`There is no scoring profile '${wanted}'. Parameter name: scoringProfile`);
  const given = new Map(
    (parameters ?? []).map((text) => {
      const at = text.indexOf("-");
      return [
        text.slice(0, at),
        // A value with a comma stands in quotes, and a quote in it is written twice.
        Array.from(
          text
            .slice(at + 1)
            .replace(/^-/, "")
            .matchAll(/'((?:[^']|'')*)'(?=,|$)|[^,]+/g),
          ([whole, quoted]) => (quoted === undefined ? whole : quoted.replaceAll("''", "'")),
        ),
      ] as const;
    }),
  );
  const functions = ((profile.functions ?? []) as unknown as ScoringFunction[]).map((one) => {
    const share = shareOf(one, schema, given);
    return (document: StoredDocument): number =>
      (one.boost - 1) * shaped(share(document), one.interpolation ?? "linear");
  });
  const aggregate = aggregation(profile.functionAggregation ?? "sum");
  return {
    weights: profile.text?.weights ?? {},
    boost:
      functions.length === 0
        ? undefined
        : (document) => Math.max(0, 1 + aggregate(functions.map((boost) => boost(document)))),
  };
}

/** From 0 to 1: how much of the boost a document gets. */
function shareOf(
  { type, fieldName, magnitude, freshness, tag }: ScoringFunction,
  schema: Schema,
  given: ReadonlyMap<string, readonly string[]>,
): (document: StoredDocument) => number {
  const names = schema.fields.get(fieldName)?.names ?? [];
  if (type === "magnitude" && magnitude) {
    const { boostingRangeStart: start, boostingRangeEnd: end } = magnitude;
    return ({ fields }) => {
      const value = follow(fields, names);
      if (typeof value !== "number") return 0;
      const share = (value - start) / (end - start);
      return share > 1 ? (magnitude.constantBoostBeyondRange ? 1 : 0) : Math.max(0, share);
    };
  }
  if (type === "freshness" && freshness) {
    const span = durationMs(freshness.boostingDuration);
    return ({ fields }) => {
      const age = Date.now() - Date.parse(String(follow(fields, names)));
      const share = span < 0 ? 1 - age / span : 1 - age / span;
      return Number.isNaN(age) || Math.sign(age) !== Math.sign(span) ? 0 : Math.min(1, Math.max(0, share));
    };
  }
  if (type === "tag" && tag) {
    const wanted = given.get(tag.tagsParameter);
    if (!wanted)
      throw wrong(`Expected the scoring parameter '${tag.tagsParameter}'. Parameter name: scoringParameters`);
    return ({ fields }) => {
      const found = follow(fields, names);
      const values = Array.isArray(found) ? found : [found];
      return values.filter((value) => wanted.includes(String(value))).length / wanted.length;
    };
  }
  throw wrong(`The scoring function '${type}' on '${fieldName}' has no settings.`);
}

function shaped(share: number, interpolation: string): number {
  if (interpolation === "constant") return share > 0 ? 1 : 0;
  if (interpolation === "quadratic") return share * share;
  return interpolation === "logarithmic" ? Math.log2(1 + share) : share;
}

function aggregation(name: string): (values: readonly number[]) => number {
  switch (name) {
    case "average":
      return (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    case "minimum":
      return (values) => Math.min(...values);
    case "maximum":
      return (values) => Math.max(...values);
    case "firstMatching":
      return (values) => values.find((value) => value !== 0) ?? 0;
    default:
      return (values) => values.reduce((sum, value) => sum + value, 0);
  }
}

/** An ISO 8601 duration of days and times. */
function durationMs(text: string): number {
  const match = /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (!match) throw wrong(`'${text}' is no duration such as P30D.`);
  const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = match;
  const ms = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
  return sign ? -ms : ms;
}

function wrong(message: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", message);
}
