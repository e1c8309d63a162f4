// What a new definition asks for that this service does not do. Kept silently, it would be believed to be done. Definitions
// that are kept already open all the same.

import { FlowsteadError } from "../../base/error/error.ts";
import type { IndexDefinition, Schema } from "./definition.ts";

const INTERPOLATIONS = ["linear", "constant", "quadratic", "logarithmic"];
const AGGREGATIONS = ["sum", "average", "minimum", "maximum", "firstMatching"];
const ALGORITHMS = ["hnsw", "exhaustiveKnn"];
const NUMBERS = ["Edm.Int32", "Edm.Int64", "Edm.Double"];

/** @throws FlowsteadError `InvalidRequest` naming the feature and where it stands. */
export function checkDefinition({ definition, fields }: Schema): void {
  if (definition["encryptionKey"]) throw refuse("encryptionKey (keys of one's own) is not supported by this service");
  const similarity = (definition["similarity"] as Record<string, unknown> | null | undefined)?.["@odata.type"];
  if (typeof similarity === "string" && !similarity.endsWith(".BM25Similarity")) {
    throw refuse(`The similarity '${similarity}' is not supported: there is #Microsoft.Azure.Search.BM25Similarity`);
  }
  for (const one of definition.fields) checkField(one, "");
  for (const { name, kind } of definition.vectorSearch?.algorithms ?? []) {
    oneOf(`The kind '${kind}' of the vector algorithm '${name}'`, kind, ALGORITHMS);
  }
  for (const { name, searchMode } of definition.suggesters ?? []) {
    oneOf(`The searchMode '${String(searchMode)}' of the suggester '${name}'`, searchMode, ["analyzingInfixMatching"]);
  }
  checkDefaults(definition);
  for (const { name, functions, functionAggregation } of definition.scoringProfiles ?? []) {
    oneOf(`The functionAggregation '${functionAggregation}' of '${name}'`, functionAggregation, AGGREGATIONS);
    for (const { type, fieldName, interpolation } of functions ?? []) {
      oneOf(
        `The interpolation '${String(interpolation)}' of the scoring profile '${name}'`,
        interpolation,
        INTERPOLATIONS,
      );
      const field = fields.get(fieldName);
      const isOf = { magnitude: NUMBERS, freshness: ["Edm.DateTimeOffset"], tag: ["Edm.String"] }[type] ?? [];
      if (field?.filterable && isOf.includes(field.type)) continue;
      throw refuse(
        `The function '${type}' of the scoring profile '${name}' needs a filterable field of ${isOf.join(", ")}`,
      );
    }
  }
}

type Field = IndexDefinition["fields"][number];

function checkField(field: Field, above: string): void {
  const path = `${above}${field.name}`;
  if (field["normalizer"])
    throw refuse(`The normalizer of the field '${path}' is not supported: values are compared as they are`);
  if (field["vectorEncoding"]) throw refuse(`The vectorEncoding of the field '${path}' is not supported`);
  const { indexAnalyzer, searchAnalyzer } = field;
  if (searchAnalyzer && searchAnalyzer !== (field.analyzer ?? indexAnalyzer)) {
    throw refuse(`A searchAnalyzer other than that of indexing is not supported, as the field '${path}' has it`);
  }
  if (field.searchable && !/^(?:Collection\()?Edm\.String\)?$/.test(field.type) && !field.dimensions) {
    throw refuse(`The field '${path}' cannot be searchable: that is for Edm.String and vectors`);
  }
  if (field.sortable && field.type.startsWith("Collection(")) {
    throw refuse(`The field '${path}' cannot be sortable: it has many values`);
  }
  for (const inner of field.fields ?? []) checkField(inner as Field, `${path}/`);
}

function checkDefaults({ defaultScoringProfile, scoringProfiles, semantic }: IndexDefinition): void {
  const has = (all: readonly { name: string }[] | null | undefined, wanted: string): boolean =>
    (all ?? []).some(({ name }) => name === wanted);
  if (defaultScoringProfile && !has(scoringProfiles, defaultScoringProfile)) {
    throw refuse(`The defaultScoringProfile '${defaultScoringProfile}' is not among the scoring profiles`);
  }
  const wanted = semantic?.defaultConfiguration;
  if (wanted && !has(semantic.configurations, wanted)) {
    throw refuse(`The semantic defaultConfiguration '${wanted}' is not among the configurations`);
  }
}

function oneOf(what: string, given: unknown, known: readonly string[]): void {
  if (given === undefined || given === null || known.some((one) => one === given)) return;
  throw refuse(`${what} is not supported: there is ${known.join(", ")}`);
}

function refuse(why: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", `${why}.`);
}
