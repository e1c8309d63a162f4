// The signature of the function that a TypeScript or JavaScript file exports as a tool. It is read, not run.

import { FlowsteadError } from "../../base/error/error.ts";
import type { Value } from "../../base/value.ts";
import { CONNECTION_KINDS } from "../../connection/kind.ts";
import {
  type ExportedFunction,
  type Syntax,
  exportedFunctions,
  isSyntax,
  nameOf,
  parseScript,
  syntaxList,
} from "./syntax.ts";

export interface ScriptParameter {
  /** A type of flow.dag.yaml, or the names of connection classes. */
  type: string[];
  has_default: boolean;
  /** Where it is written as a literal. */
  default?: Value;
  enum?: string[];
}

export interface ScriptSignature {
  /** Name of the export. */
  name: string;
  description?: string;
  inputs: Record<string, ScriptParameter>;
  /** Names in the order of the parameters; undefined when the inputs come as one object. */
  order: string[] | undefined;
  /** Whether it takes inputs that it does not name. */
  acceptsAny: boolean;
  generator: boolean;
}

/** @throws FlowsteadError `ScriptSyntaxError`, `NoToolDefined`, `MultipleToolsDefined`, `BadFunctionInterface`. */
export function readSignature(text: string, file: string): ScriptSignature {
  const statements = parseScript(text, file);
  const { name, syntax, description } = chooseExport(exportedFunctions(statements), file);
  if (!syntax) {
    throw new FlowsteadError(
      "BadFunctionInterface",
      `${file}: the function '${name}' stands in another file, where its parameters cannot be read. Define it in ${file}, or wrap it in a function there.`,
      { details: { file } },
    );
  }
  const types = declaredTypes(statements);
  const parameters = syntaxList(syntax["params"]).filter((one) => nameOf(one) !== "this");
  const shared = {
    name,
    ...(description === undefined ? {} : { description }),
    generator: syntax["generator"] === true,
  };
  const members = parameters.length === 1 ? objectMembers(parameters[0] as Syntax, types) : undefined;
  if (members) return { ...shared, ...members, order: undefined };
  const inputs: Record<string, ScriptParameter> = {};
  for (const [index, parameter] of parameters.entries()) {
    const [key, described] = readParameter(parameter, types) ?? [];
    if (key === undefined || described === undefined) {
      throw new FlowsteadError(
        "BadFunctionInterface",
        `${file}: parameter ${index + 1} of '${name}' has no name. Give each parameter a name, or take all inputs as one object.`,
        { details: { file } },
      );
    }
    inputs[key] = described;
  }
  return { ...shared, inputs, order: Object.keys(inputs), acceptsAny: false };
}

function chooseExport(found: readonly ExportedFunction[], file: string): ExportedFunction {
  const chosen = found.find(({ name }) => name === "default") ?? (found.length === 1 ? found[0] : undefined);
  if (chosen) return chosen;
  if (found.length === 0) {
    throw new FlowsteadError(
      "NoToolDefined",
      `${file} exports no function. Export the one that the node is to call: export function name(...).`,
      { details: { file } },
    );
  }
  throw new FlowsteadError(
    "MultipleToolsDefined",
    `${file} exports ${found.length} functions: ${found.map(({ name }) => name).join(", ")}. Export one only, or make the one that the node is to call the default export.`,
    { details: { file } },
  );
}

/** Object types by the names that the file gives them. */
function declaredTypes(statements: readonly Syntax[]): Map<string, Syntax> {
  const types = new Map<string, Syntax>();
  for (const statement of statements) {
    const declaration = isSyntax(statement["declaration"]) ? statement["declaration"] : statement;
    const name = nameOf(declaration["id"]);
    if (name === undefined) continue;
    if (declaration.type === "TSInterfaceDeclaration") types.set(name, declaration["body"] as Syntax);
    if (declaration.type === "TSTypeAliasDeclaration") types.set(name, declaration["typeAnnotation"] as Syntax);
  }
  return types;
}

/** The inputs of a function whose one parameter is an object with named fields. */
function objectMembers(
  parameter: Syntax,
  types: ReadonlyMap<string, Syntax>,
): Pick<ScriptSignature, "inputs" | "acceptsAny"> | undefined {
  const pattern = parameter.type === "AssignmentPattern" ? (parameter["left"] as Syntax) : parameter;
  const declared = membersOf(annotationOf(pattern), types);
  if (pattern.type !== "ObjectPattern") return declared && { inputs: declared, acceptsAny: false };
  const inputs: Record<string, ScriptParameter> = {};
  let acceptsAny = false;
  for (const property of syntaxList(pattern["properties"])) {
    if (property.type === "RestElement") acceptsAny = true;
    const key = nameOf(property["key"]);
    if (key === undefined) continue;
    const own = readParameter(property["value"] as Syntax, types)?.[1];
    const type = declared?.[key];
    inputs[key] = {
      ...(type ?? { type: ["object"], has_default: false }),
      ...(own?.has_default ? defaultOf(own) : {}),
    };
  }
  return { inputs: { ...(acceptsAny ? declared : {}), ...inputs }, acceptsAny };
}

function defaultOf({ default: value }: ScriptParameter): Partial<ScriptParameter> {
  return { has_default: true, ...(value === undefined ? {} : { default: value }) };
}

function membersOf(
  type: Syntax | undefined,
  types: ReadonlyMap<string, Syntax>,
): Record<string, ScriptParameter> | undefined {
  const resolved = resolve(type, types);
  if (resolved?.type !== "TSTypeLiteral" && resolved?.type !== "TSInterfaceBody") return undefined;
  const members = syntaxList(resolved["members"] ?? resolved["body"]).filter(
    ({ type: kind }) => kind === "TSPropertySignature",
  );
  return Object.fromEntries(
    members.flatMap((member) => {
      const key = nameOf(member["key"]);
      if (key === undefined) return [];
      return [[key, { ...typeOf(annotationOf(member), types), has_default: member["optional"] === true }]];
    }),
  );
}

function readParameter(parameter: Syntax, types: ReadonlyMap<string, Syntax>): [string, ScriptParameter] | undefined {
  if (parameter.type === "AssignmentPattern") {
    const name = nameOf(parameter["left"]);
    if (name === undefined) return undefined;
    const value = literalOf(parameter["right"]);
    const written = annotationOf(parameter["left"] as Syntax);
    const type = written || value === undefined ? typeOf(written, types) : { type: [typeOfValue(value)] };
    return [name, { ...type, has_default: true, ...(value === undefined ? {} : { default: value }) }];
  }
  const name = nameOf(parameter);
  if (name === undefined) return undefined;
  return [name, { ...typeOf(annotationOf(parameter), types), has_default: parameter["optional"] === true }];
}

function annotationOf(value: Syntax): Syntax | undefined {
  const outer = value["typeAnnotation"];
  if (!isSyntax(outer)) return undefined;
  const inner = outer["typeAnnotation"];
  return isSyntax(inner) ? inner : undefined;
}

function resolve(type: Syntax | undefined, types: ReadonlyMap<string, Syntax>, depth = 0): Syntax | undefined {
  const name = type?.type === "TSTypeReference" ? nameOf(type["typeName"]) : undefined;
  const found = name === undefined ? undefined : types.get(name);
  return found && depth < 8 ? resolve(found, types, depth + 1) : type;
}

const KEYWORDS: Record<string, string> = {
  TSStringKeyword: "string",
  TSNumberKeyword: "double",
  TSBooleanKeyword: "bool",
  TSArrayType: "list",
  TSTupleType: "list",
};

const CONNECTIONS = new Set<string>(CONNECTION_KINDS.map(({ type }) => type));

function typeOf(written: Syntax | undefined, types: ReadonlyMap<string, Syntax>): { type: string[]; enum?: string[] } {
  const type = resolve(written, types);
  if (!type) return { type: ["object"] };
  if (type.type === "TSUnionType") return unionOf(syntaxList(type["types"]), types);
  if (type.type === "TSTypeReference") {
    const name = nameOf(type["typeName"]) ?? "";
    if (CONNECTIONS.has(name)) return { type: [name] };
    return { type: [name === "Array" || name === "ReadonlyArray" ? "list" : "object"] };
  }
  if (type.type === "TSTypeOperator") return typeOf(type["typeAnnotation"] as Syntax, types);
  if (type.type === "TSLiteralType") return unionOf([type], types);
  return { type: [KEYWORDS[type.type] ?? "object"] };
}

/** `string | undefined` is text, `"a" | "b"` is one of two texts, connections may be one of several. */
function unionOf(options: readonly Syntax[], types: ReadonlyMap<string, Syntax>): { type: string[]; enum?: string[] } {
  const real = options.filter(({ type }) => type !== "TSUndefinedKeyword" && type !== "TSNullKeyword");
  const texts = real.map((option) => (option.type === "TSLiteralType" ? literalOf(option["literal"]) : undefined));
  if (texts.length > 0 && texts.every((text) => typeof text === "string"))
    return { type: ["string"], enum: texts as string[] };
  const kinds = real.map((option) => (option.type === "TSLiteralType" ? { type: ["object"] } : typeOf(option, types)));
  const all = [...new Set(kinds.flatMap(({ type }) => type))];
  if (all.length === 1 || (all.length > 1 && all.every((type) => CONNECTIONS.has(type)))) return { type: all };
  return { type: ["object"] };
}

function literalOf(value: unknown): Value | undefined {
  if (!isSyntax(value)) return undefined;
  if (value.type === "NullLiteral") return null;
  const isLiteral = ["StringLiteral", "NumericLiteral", "BooleanLiteral"].includes(value.type);
  if (isLiteral) return value["value"] as Value;
  return value.type === "ArrayExpression" && syntaxList(value["elements"]).length === 0 ? [] : undefined;
}

function typeOfValue(value: Value): string {
  if (Array.isArray(value)) return "list";
  return { string: "string", number: "double", boolean: "bool" }[typeof value as string] ?? "object";
}
