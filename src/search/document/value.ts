// Documents as they are written: checked against the schema, merged, and told apart from their vectors.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Document } from "../filter/evaluate.ts";
import type { Schema, SchemaField } from "./definition.ts";

export interface StoredDocument {
  key: string;
  /** Without the vectors. */
  fields: Document;
  /** By path of the field. */
  vectors: Readonly<Record<string, Float32Array>>;
}

const KEY = /^[A-Za-z0-9_=-]{1,1024}$/;

/** @throws FlowsteadError `InvalidRequest` when a document has no usable key. */
export function keyOf(document: Document, schema: Schema): string {
  const key = document[schema.key];
  if (typeof key === "string" && KEY.test(key) && !key.startsWith("_")) return key;
  throw new FlowsteadError(
    "InvalidRequest",
    typeof key === "string" && key !== ""
      ? `Invalid document key: '${key}'. Keys can only contain letters, digits, underscore (_), dash (-), or equal sign (=), and do not begin with an underscore. If the keys in your source data contain other characters, encode them with URL-safe Base64.`
      : `The key field '${schema.key}' must be a text that is not empty.`,
  );
}

/** The document as it will be kept. @throws FlowsteadError `InvalidRequest` naming the field that does not fit. */
export function toStored(document: Document, schema: Schema, before?: StoredDocument): StoredDocument {
  const key = keyOf(document, schema);
  const fields: Record<string, unknown> = { ...before?.fields };
  const vectors: Record<string, Float32Array> = { ...before?.vectors };
  for (const [name, value] of Object.entries(document)) {
    if (name === "@search.action") continue;
    const field = schema.fields.get(name);
    if (!field) {
      throw wrong(`The property '${name}' does not exist on the index '${schema.definition.name}'.`);
    }
    if (!field.vector) fields[name] = merged(fields[name], checked(value, field, schema), field);
    else if (value === null) delete vectors[name];
    else vectors[name] = toVector(value, field.vector.dimensions, name);
  }
  for (const field of schema.fields.values()) {
    if (field.names.length === 1 && !field.vector && fields[field.path] === undefined) {
      fields[field.path] = field.isCollection ? [] : null;
    }
  }
  return { key, fields, vectors };
}

/** Objects are merged by their fields, collections and values are replaced. */
function merged(before: unknown, given: unknown, field: SchemaField): unknown {
  if (field.type !== "Edm.ComplexType" || field.isCollection || !isObject(before) || !isObject(given)) return given;
  return { ...before, ...given };
}

function toVector(value: unknown, dimensions: number, name: string): Float32Array {
  if (!Array.isArray(value) || !value.every(isPlainNumber)) {
    throw wrong(`The vector field '${name}' needs a list of numbers.`);
  }
  if (value.length !== dimensions) {
    throw wrong(
      `There's a mismatch in vector dimensions. The vector field '${name}', with dimension of '${dimensions}', expects a length of '${dimensions}'. However, the provided vector has a length of '${value.length}'.`,
    );
  }
  return Float32Array.from(value as number[]);
}

function checked(value: unknown, field: SchemaField, schema: Schema): unknown {
  if (!field.isCollection) return value === null || value === undefined ? null : checkOne(value, field, schema);
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(`The field '${field.path}' is a collection and needs a list.`);
  return value.map((item) => {
    if (item === null) throw wrong(`The collection '${field.path}' cannot hold null.`);
    return checkOne(item, field, schema);
  });
}

function checkOne(value: unknown, field: SchemaField, schema: Schema): unknown {
  const kind = field.type.replace(/^Edm\./, "");
  const fits = ((): boolean => {
    switch (kind) {
      case "String":
        return typeof value === "string";
      case "Boolean":
        return typeof value === "boolean";
      case "DateTimeOffset":
        return typeof value === "string" && !Number.isNaN(Date.parse(value));
      case "Double":
      case "Single":
      case "Half":
        return typeof value === "number";
      case "GeographyPoint":
      case "ComplexType":
        return isObject(value);
      default:
        return Number.isInteger(value) && (kind !== "Int32" || Math.abs(value as number) < 2 ** 31);
    }
  })();
  if (kind === "Int64" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw wrong(
      `The value of the field '${field.path}' is beyond 2^53, where JSON's numbers are not exact here: keep it in a field of the type 'Edm.String'.`,
    );
  }
  if (!fits) {
    throw wrong(
      `Cannot convert the value ${JSON.stringify(value)?.slice(0, 60)} of the field '${field.path}' to the type '${field.type}'.`,
    );
  }
  if (kind === "DateTimeOffset") return new Date(value as string).toISOString().replace(".000Z", "Z");
  if (kind !== "ComplexType") return value;
  const inner: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value as Document)) {
    const sub = schema.fields.get(`${field.path}/${name}`);
    if (!sub) throw wrong(`The property '${name}' does not exist on '${field.path}'.`);
    inner[name] = checked(item, sub, schema);
  }
  return inner;
}

/** As a vector keeps it, in four bytes. */
export function isPlainNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(Math.fround(value));
}

function isObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(message: string): FlowsteadError {
  return new FlowsteadError("InvalidRequest", message);
}
