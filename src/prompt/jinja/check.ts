// What Jinja finds wrong when it compiles: filters and tests that do not exist, unless a condition may keep them from use.

import type { Expression, Statement } from "./ast.ts";
import { fault } from "./fault.ts";
import { FILTERS } from "./filter/index.ts";
import { PREDICATES } from "./predicate.ts";
import { operands, parts } from "./walk.ts";

/** @throws Fault TemplateAssertionError */
export function checkNames(body: readonly Statement[], isConditional = false): void {
  for (const statement of body) {
    const { expressions, bodies } = parts(statement);
    for (const expression of expressions) checkExpression(expression, isConditional || statement.kind === "if");
    const opens = statement.kind === "if";
    for (const inner of bodies) checkNames(inner, opens);
  }
}

function checkExpression(node: Expression, isConditional: boolean): void {
  if (!isConditional && node.kind === "filter" && !FILTERS.has(node.name)) {
    fault("TemplateAssertionError", `No filter named '${node.name}'.`, node.line);
  }
  if (!isConditional && node.kind === "test" && !PREDICATES.has(node.name)) {
    fault("TemplateAssertionError", `No test named '${node.name}'.`, node.line);
  }
  for (const operand of operands(node)) checkExpression(operand, isConditional || node.kind === "choice");
}
