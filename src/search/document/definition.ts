// The definition of an index of documents, in the wire form of Azure AI Search: kept as it came, and read into a schema.

import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { isAnalyzerName } from "./field-analyzer.ts";

const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?$/, "use lower-case letters, digits and hyphens, at most 128");
const flag = z.boolean().nullish();

const fieldShape = z.looseObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z][A-Za-z0-9_]{0,127}$/,
      "a field's name begins with a letter and has letters, digits and underscores",
    ),
  type: z.string(),
  key: flag,
  searchable: flag,
  filterable: flag,
  sortable: flag,
  facetable: flag,
  retrievable: flag,
  stored: flag,
  analyzer: z.string().nullish(),
  searchAnalyzer: z.string().nullish(),
  indexAnalyzer: z.string().nullish(),
  dimensions: z.int().min(2).max(4096).nullish(),
  vectorSearchProfile: z.string().nullish(),
  synonymMaps: z.array(z.string()).nullish(),
  fields: z.array(z.unknown()).nullish(),
});

const semanticField = z.looseObject({ fieldName: z.string() });

export const indexDefinition = z.looseObject({
  name,
  fields: z.array(fieldShape).min(1),
  suggesters: z.array(z.looseObject({ name: z.string(), sourceFields: z.array(z.string()).min(1) })).nullish(),
  scoringProfiles: z
    .array(
      z.looseObject({
        name: z.string(),
        text: z.looseObject({ weights: z.record(z.string(), z.number().positive()) }).nullish(),
        functions: z.array(z.looseObject({ type: z.string(), fieldName: z.string(), boost: z.number() })).nullish(),
        functionAggregation: z.string().nullish(),
      }),
    )
    .nullish(),
  defaultScoringProfile: z.string().nullish(),
  semantic: z
    .looseObject({
      defaultConfiguration: z.string().nullish(),
      configurations: z
        .array(
          z.looseObject({
            name: z.string(),
            prioritizedFields: z.looseObject({
              titleField: semanticField.nullish(),
              prioritizedContentFields: z.array(semanticField).nullish(),
              prioritizedKeywordsFields: z.array(semanticField).nullish(),
            }),
          }),
        )
        .nullish(),
    })
    .nullish(),
  vectorSearch: z
    .looseObject({
      profiles: z.array(z.looseObject({ name: z.string(), algorithm: z.string() })).nullish(),
      algorithms: z.array(z.looseObject({ name: z.string(), kind: z.string() })).nullish(),
    })
    .nullish(),
});

export type IndexDefinition = z.output<typeof indexDefinition>;
export type Metric = "cosine" | "dotProduct" | "euclidean";

export interface SchemaField {
  /** Names between slashes, as queries write it. */
  path: string;
  names: readonly string[];
  /** Without `Collection(...)`. */
  type: string;
  isCollection: boolean;
  /** Whether it or an object above it is a collection. */
  isMany: boolean;
  isKey: boolean;
  searchable: boolean;
  filterable: boolean;
  sortable: boolean;
  facetable: boolean;
  retrievable: boolean;
  analyzer: string;
  synonymMaps: readonly string[];
  vector?: { dimensions: number; metric: Metric };
}

export interface Schema {
  definition: IndexDefinition;
  key: string;
  /** By path; objects themselves included. */
  fields: ReadonlyMap<string, SchemaField>;
}

const SIMPLE = [
  "String",
  "Int32",
  "Int64",
  "Double",
  "Single",
  "Half",
  "Int16",
  "SByte",
  "Byte",
  "Boolean",
  "DateTimeOffset",
  "GeographyPoint",
];

/** @throws FlowsteadError `InvalidRequest` naming the field and what is wrong with it. */
export function readSchema(given: unknown): Schema {
  const parsed = indexDefinition.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refuse(`The index definition is invalid at '${issue?.path.join(".")}': ${issue?.message}.`);
  }
  const definition = parsed.data;
  const fields = new Map<string, SchemaField>();
  const above = { names: [] as string[], isMany: false };
  for (const field of definition.fields) addField(fields, field, { ...above, definition });
  const keys = [...fields.values()].filter(({ isKey }) => isKey);
  if (keys.length !== 1) throw refuse(`The index '${definition.name}' has ${keys.length} key fields and needs one.`);
  if (keys[0]!.type !== "Edm.String" || keys[0]!.isMany || keys[0]!.names.length > 1) {
    throw refuse(`The key field '${keys[0]!.path}' must be an Edm.String at the top level.`);
  }
  checkReferences(definition, fields);
  return { definition, key: keys[0]!.path, fields };
}

interface Above {
  names: readonly string[];
  isMany: boolean;
  definition: IndexDefinition;
}

function addField(into: Map<string, SchemaField>, field: z.output<typeof fieldShape>, above: Above): void {
  const names = [...above.names, field.name];
  const path = names.join("/");
  if (into.has(path)) throw refuse(`The field '${path}' is defined twice.`);
  const inner = /^Collection\((.+)\)$/.exec(field.type)?.[1];
  const type = inner ?? field.type;
  const isComplex = type === "Edm.ComplexType";
  if (!isComplex && !SIMPLE.includes(type.replace(/^Edm\./, "")))
    throw refuse(`The type '${field.type}' of the field '${path}' is not supported.`);
  const isMany = above.isMany || inner !== undefined;
  const isText = type === "Edm.String";
  const dimensions = field.dimensions ?? undefined;
  const analyzer = field.analyzer ?? field.indexAnalyzer ?? "standard.lucene";
  if (!isAnalyzerName(analyzer)) {
    throw refuse(
      `The analyzer '${analyzer}' of the field '${path}' is not supported: there are keyword, simple, whitespace, standard.lucene and the language analyzers (en.lucene, de.microsoft ...).`,
    );
  }
  const isPlain = !isComplex && dimensions === undefined;
  into.set(path, {
    path,
    names,
    type,
    isCollection: inner !== undefined,
    isMany,
    isKey: field.key === true,
    searchable: isText && (field.searchable ?? field.key !== true),
    filterable: isPlain && (field.filterable ?? true),
    sortable: isPlain && !isMany && (field.sortable ?? true),
    facetable: isPlain && (field.facetable ?? field.key !== true),
    retrievable: field.retrievable ?? true,
    analyzer,
    synonymMaps: field.synonymMaps ?? [],
    ...(dimensions === undefined
      ? {}
      : { vector: { dimensions, metric: metricOf(field.vectorSearchProfile, above.definition) } }),
  });
  if (!isComplex) return;
  for (const sub of field.fields ?? []) {
    const parsed = fieldShape.safeParse(sub);
    if (!parsed.success) throw refuse(`A field below '${path}' is invalid: ${parsed.error.issues[0]?.message}.`);
    addField(into, parsed.data, { ...above, names, isMany });
  }
}

function metricOf(profileName: string | null | undefined, { vectorSearch }: IndexDefinition): Metric {
  const profile = vectorSearch?.profiles?.find((one) => one.name === profileName);
  if (profileName && !profile) throw refuse(`The vector search profile '${profileName}' is not defined.`);
  const algorithm = vectorSearch?.algorithms?.find((one) => one.name === profile?.algorithm);
  const settings = (algorithm?.["hnswParameters"] ?? algorithm?.["exhaustiveKnnParameters"]) as
    | { metric?: string }
    | undefined;
  const metric = settings?.metric ?? "cosine";
  if (metric === "cosine" || metric === "dotProduct" || metric === "euclidean") return metric;
  throw refuse(`The vector metric '${metric}' is not supported: use cosine, dotProduct or euclidean.`);
}

function checkReferences(definition: IndexDefinition, fields: ReadonlyMap<string, SchemaField>): void {
  const need = (path: string, where: string): void => {
    if (!fields.has(path))
      throw refuse(`${where} names the field '${path}', which the index '${definition.name}' does not have.`);
  };
  for (const { name: suggester, sourceFields } of definition.suggesters ?? []) {
    for (const path of sourceFields) need(path, `The suggester '${suggester}'`);
  }
  for (const profile of definition.scoringProfiles ?? []) {
    for (const path of Object.keys(profile.text?.weights ?? {})) need(path, `The scoring profile '${profile.name}'`);
    for (const one of profile.functions ?? []) {
      need(one.fieldName, `The scoring profile '${profile.name}'`);
      if (!["magnitude", "freshness", "tag"].includes(one.type)) {
        throw refuse(
          `The scoring function '${one.type}' of the profile '${profile.name}' is not supported: there are magnitude, freshness and tag.`,
        );
      }
    }
  }
  for (const { name: configuration, prioritizedFields } of definition.semantic?.configurations ?? []) {
    const { titleField, prioritizedContentFields, prioritizedKeywordsFields } = prioritizedFields;
    for (const one of [titleField, ...(prioritizedContentFields ?? []), ...(prioritizedKeywordsFields ?? [])]) {
      if (one) need(one.fieldName, `The semantic configuration '${configuration}'`);
    }
  }
}

function refuse(message: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", message);
}
