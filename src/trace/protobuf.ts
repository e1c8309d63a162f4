// OTLP messages in protobuf's binary form, which every collector takes. The table names the fields of
// opentelemetry-proto 1.x that are written here.

import type { Message } from "./otlp.ts";

type Kind = "string" | "hex" | "bool" | "int64" | "enum" | "double" | "fixed64" | "packedFixed64" | "packedDouble";
type Schema = { readonly [field: string]: readonly [number, Kind | Schema] };

const PLAIN_VALUE: Schema = {
  stringValue: [1, "string"],
  boolValue: [2, "bool"],
  intValue: [3, "int64"],
  doubleValue: [4, "double"],
};
// Lists hold plain values here, never lists.
const ANY_VALUE: Schema = { ...PLAIN_VALUE, arrayValue: [5, { values: [1, PLAIN_VALUE] }] };
const KEY_VALUE: Schema = { key: [1, "string"], value: [2, ANY_VALUE] };
const RESOURCE: Schema = { attributes: [1, KEY_VALUE] };
const SCOPE: Schema = { name: [1, "string"], version: [2, "string"] };
const SPAN: Schema = {
  traceId: [1, "hex"],
  spanId: [2, "hex"],
  traceState: [3, "string"],
  parentSpanId: [4, "hex"],
  name: [5, "string"],
  kind: [6, "enum"],
  startTimeUnixNano: [7, "fixed64"],
  endTimeUnixNano: [8, "fixed64"],
  attributes: [9, KEY_VALUE],
  events: [11, { timeUnixNano: [1, "fixed64"], name: [2, "string"], attributes: [3, KEY_VALUE] }],
  status: [15, { message: [2, "string"], code: [3, "enum"] }],
};
const NUMBER_POINT: Schema = {
  startTimeUnixNano: [2, "fixed64"],
  timeUnixNano: [3, "fixed64"],
  asInt: [6, "fixed64"],
  attributes: [7, KEY_VALUE],
};
const HISTOGRAM_POINT: Schema = {
  startTimeUnixNano: [2, "fixed64"],
  timeUnixNano: [3, "fixed64"],
  count: [4, "fixed64"],
  sum: [5, "double"],
  bucketCounts: [6, "packedFixed64"],
  explicitBounds: [7, "packedDouble"],
  attributes: [9, KEY_VALUE],
  min: [11, "double"],
  max: [12, "double"],
};
const METRIC: Schema = {
  name: [1, "string"],
  unit: [3, "string"],
  sum: [7, { dataPoints: [1, NUMBER_POINT], aggregationTemporality: [2, "enum"], isMonotonic: [3, "bool"] }],
  histogram: [9, { dataPoints: [1, HISTOGRAM_POINT], aggregationTemporality: [2, "enum"] }],
};
const REQUEST: Schema = {
  resourceSpans: [1, { resource: [1, RESOURCE], scopeSpans: [2, { scope: [1, SCOPE], spans: [2, SPAN] }] }],
  resourceMetrics: [1, { resource: [1, RESOURCE], scopeMetrics: [2, { scope: [1, SCOPE], metrics: [2, METRIC] }] }],
};

export function encodeProtobuf(message: Message): Buffer {
  return encode(message, REQUEST);
}

const VARINT = 0;
const EIGHT_BYTES = 1;
const LENGTH = 2;

function encode(message: Message, schema: Schema): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(message)) {
    const entry = schema[name];
    if (!entry) throw new TypeError(`OTLP field ${name} is not in the table.`);
    const [field, kind] = entry;
    if (typeof kind === "string") put(parts, field, kind, value);
    else for (const item of [value].flat()) putBytes(parts, field, encode(item as Message, kind));
  }
  return Buffer.concat(parts);
}

function put(parts: Buffer[], field: number, kind: Kind, value: unknown): void {
  switch (kind) {
    case "string":
      return putBytes(parts, field, Buffer.from(String(value), "utf8"));
    case "hex":
      return putBytes(parts, field, Buffer.from(String(value), "hex"));
    case "bool":
    case "enum":
    case "int64":
      parts.push(varint(tag(field, VARINT)), varint(BigInt.asUintN(64, BigInt(value as string | number | boolean))));
      return;
    case "double":
      parts.push(varint(tag(field, EIGHT_BYTES)), double(value as number));
      return;
    case "fixed64":
      parts.push(varint(tag(field, EIGHT_BYTES)), fixed64(value as string));
      return;
    case "packedDouble":
      return putBytes(parts, field, Buffer.concat((value as number[]).map(double)));
    case "packedFixed64":
      return putBytes(parts, field, Buffer.concat((value as string[]).map(fixed64)));
  }
}

function putBytes(parts: Buffer[], field: number, bytes: Buffer): void {
  parts.push(varint(tag(field, LENGTH)), varint(BigInt(bytes.length)), bytes);
}

function tag(field: number, wire: number): bigint {
  return BigInt((field << 3) | wire);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function fixed64(value: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
