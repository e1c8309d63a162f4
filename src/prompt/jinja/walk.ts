// Questions about the tree that need no values.

import type { Argument, Expression, Statement, Target } from "./ast.ts";

/** The expressions directly below an expression. */
export function operands(node: Expression): Expression[] {
  switch (node.kind) {
    case "constant":
    case "name":
      return [];
    case "tuple":
    case "list":
      return node.items;
    case "dict":
      return node.entries.flat();
    case "attribute":
      return [node.target];
    case "item":
      return [node.target, node.key];
    case "slice":
      return [node.start, node.stop, node.step].filter((part) => part !== undefined);
    case "call":
    case "test":
      return [node.target, ...values(node.args)];
    case "filter":
      return node.target ? [node.target, ...values(node.args)] : values(node.args);
    case "binary":
    case "logic":
      return [node.left, node.right];
    case "unary":
      return [node.operand];
    case "compare":
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case "concat":
      return node.parts;
    case "choice":
      return node.otherwise ? [node.test, node.whenTrue, node.otherwise] : [node.test, node.whenTrue];
  }
}

function values(args: Argument[]): Expression[] {
  return args.map(({ value }) => value);
}

/** The names that a target assigns; a namespace attribute assigns none, it reads its namespace. */
export function assigned(target: Target): string[] {
  if (target.kind === "name") return [target.name];
  return target.kind === "tuple" ? target.items.flatMap(assigned) : [];
}

/** The namespaces that a target reads. */
export function namespaces(target: Target): string[] {
  if (target.kind === "namespace") return [target.name];
  return target.kind === "tuple" ? target.items.flatMap(namespaces) : [];
}

/** What a statement evaluates itself, and the bodies that it contains. */
export function parts(node: Statement): { expressions: Expression[]; bodies: Statement[][] } {
  const none: Expression[] = [];
  switch (node.kind) {
    case "text":
      return { expressions: none, bodies: [] };
    case "print":
      return { expressions: [node.value], bodies: [] };
    case "if":
      return {
        expressions: node.branches.map(({ test }) => test),
        bodies: [...node.branches.map(({ body }) => body), node.otherwise],
      };
    case "for":
      return {
        expressions: node.condition ? [node.iterable, node.condition] : [node.iterable],
        bodies: [node.body, node.otherwise],
      };
    case "set":
      return { expressions: [node.value], bodies: [] };
    case "capture":
      return { expressions: node.filter ? [node.filter] : none, bodies: [node.body] };
    case "with":
      return { expressions: node.bindings.map(({ value }) => value), bodies: [node.body] };
    case "macro":
      return { expressions: fallbacks(node.signature.parameters), bodies: [node.signature.body] };
    case "callBlock":
      return { expressions: [node.call, ...fallbacks(node.signature.parameters)], bodies: [node.signature.body] };
    case "filterBlock":
      return { expressions: [node.filter], bodies: [node.body] };
    case "block":
      return { expressions: none, bodies: [node.body] };
    case "load":
      return { expressions: [node.source], bodies: [] };
  }
}

function fallbacks(parameters: { fallback: Expression | null }[]): Expression[] {
  return parameters.map(({ fallback }) => fallback).filter((fallback) => fallback !== null);
}

/** Every name read anywhere in these statements. */
export function namesUsed(body: Statement[]): Set<string> {
  const names = new Set<string>();
  visit(body, (node) => {
    if (node.kind === "name") names.add(node.name);
  });
  return names;
}

/** Calls `see` with every expression in these statements, outermost first. */
export function visit(body: Statement[], see: (node: Expression) => void): void {
  const enter = (node: Expression): void => {
    see(node);
    operands(node).forEach(enter);
  };
  for (const statement of body) {
    const { expressions, bodies } = parts(statement);
    expressions.forEach(enter);
    for (const inner of bodies) visit(inner, see);
  }
}
