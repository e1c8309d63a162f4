// The syntax tree of a script, as far as its exports and their signatures need it.

import type * as BabelParser from "@babel/parser";
import { createRequire } from "node:module";
import { FlowsteadError } from "../../base/error/error.ts";

/** A node of the tree; what else it has depends on its type. */
export interface Syntax {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

/** Loaded at the first script: it is large, and most flows have none. */
const load = createRequire(import.meta.url);

/** The statements of a script. @throws FlowsteadError `ScriptSyntaxError` that names file and line. */
export function parseScript(text: string, file: string): Syntax[] {
  try {
    const { parse } = load("@babel/parser") as Pick<typeof BabelParser, "parse">;
    const { program } = parse(text, {
      sourceType: "module",
      plugins: /\.[cm]?ts$/.test(file) ? ["typescript"] : [],
    });
    return program.body as unknown as Syntax[];
  } catch (thrown) {
    const { message, loc } = thrown as Error & { loc?: { line: number } };
    const line = loc?.line;
    throw new FlowsteadError(
      "ScriptSyntaxError",
      `${file}${line === undefined ? "" : `:${line}`}: ${message.replace(/ \(\d+:\d+\)$/, "")}`,
      { cause: thrown, details: { file, line } },
    );
  }
}

export function isSyntax(value: unknown): value is Syntax {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

export function syntaxList(value: unknown): Syntax[] {
  return Array.isArray(value) ? value.filter(isSyntax) : [];
}

/** The name of an identifier or of a string that stands for one. */
export function nameOf(value: unknown): string | undefined {
  if (!isSyntax(value)) return undefined;
  const name =
    value.type === "Identifier" ? value["name"] : value.type === "StringLiteral" ? value["value"] : undefined;
  return typeof name === "string" ? name : undefined;
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

export function isFunction(value: unknown): value is Syntax {
  return isSyntax(value) && FUNCTIONS.has(value.type);
}

export interface ExportedFunction {
  /** `default`, or the name of the export. */
  name: string;
  /** Absent when it cannot be seen in this file, such as a function that another file exports. */
  syntax: Syntax | undefined;
  /** What its own comment says. */
  description?: string;
}

/** The functions that a script exports, types left out. */
export function exportedFunctions(statements: readonly Syntax[]): ExportedFunction[] {
  const known = localFunctions(statements);
  const found: ExportedFunction[] = [];
  for (const statement of statements) {
    const { declaration, source } = statement;
    const comment = described(statement);
    if (statement.type === "ExportDefaultDeclaration") {
      const syntax = isFunction(declaration) ? declaration : known.get(nameOf(declaration) ?? "");
      if (syntax) found.push({ name: "default", syntax, ...comment });
    } else if (statement.type === "ExportNamedDeclaration" && statement["exportKind"] !== "type") {
      for (const [name, syntax] of declaredFunctions(declaration)) found.push({ name, syntax, ...comment });
      for (const one of syntaxList(statement["specifiers"])) {
        const syntax = known.get(nameOf(one["local"]) ?? "");
        const name = nameOf(one["exported"]);
        if (name !== undefined && (syntax || source)) found.push({ name, syntax });
      }
    }
  }
  return found;
}

function localFunctions(statements: readonly Syntax[]): Map<string, Syntax> {
  return new Map(
    statements.flatMap((statement) => [
      ...declaredFunctions(statement),
      ...declaredFunctions(statement["declaration"]),
    ]),
  );
}

function declaredFunctions(declaration: unknown): [string, Syntax][] {
  if (!isSyntax(declaration)) return [];
  if (FUNCTIONS.has(declaration.type)) {
    const name = nameOf(declaration["id"]);
    return name === undefined ? [] : [[name, declaration]];
  }
  if (declaration.type !== "VariableDeclaration") return [];
  return syntaxList(declaration["declarations"]).flatMap((one): [string, Syntax][] => {
    const name = nameOf(one["id"]);
    return name !== undefined && isFunction(one["init"]) ? [[name, one["init"]]] : [];
  });
}

function described({ leadingComments }: Syntax): { description?: string } {
  const last = Array.isArray(leadingComments) ? (leadingComments.at(-1) as { type: string; value: string }) : undefined;
  if (last?.type !== "CommentBlock" || !last.value.startsWith("*")) return {};
  const lines = last.value.split("\n").map((line) => line.replace(/^\s*\*+ ?/, "").trim());
  const text = lines.filter((line) => line !== "" && !line.startsWith("@")).join("\n");
  return text === "" ? {} : { description: text };
}
