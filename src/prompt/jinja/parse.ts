// Statements: `{% ... %}` tags and the text between them.

import type { Expression, Signature, Statement, Target } from "./ast.ts";
import { Cursor, describe } from "./cursor.ts";
import { fault } from "./fault.ts";
import { parseExpression, parseFilterChain, parseTuple } from "./parse-expression.ts";
import type { Token } from "./token.ts";
import { repr } from "./text.ts";
import { namesUsed } from "./walk.ts";

const MAX_DEPTH = 100;

/** @throws Fault TemplateSyntaxError */
export function parse(tokens: Token[]): Statement[] {
  return new StatementParser(new Cursor(tokens)).template();
}

function assignsLoop(target: Target): boolean {
  if (target.kind === "tuple") return target.items.some(assignsLoop);
  return target.kind === "name" && target.name === "loop";
}

class StatementParser {
  readonly #cursor: Cursor;
  /** Open tags, innermost last, and the tags that may close them, for the message about a wrong one. */
  readonly #open: string[] = [];
  readonly #wanted: string[][] = [];
  readonly #blocks = new Set<string>();

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  template(): Statement[] {
    return this.#until(null);
  }

  #until(ends: string[] | null): Statement[] {
    const cursor = this.#cursor;
    const body: Statement[] = [];
    if (ends) this.#wanted.push(ends);
    if (this.#wanted.length > MAX_DEPTH) cursor.fail(`tags nested deeper than ${MAX_DEPTH} levels`);
    for (;;) {
      const { line, text } = cursor.current;
      if (cursor.skip("data")) {
        body.push({ kind: "text", text, line });
      } else if (cursor.skip("variable_begin")) {
        body.push({ kind: "print", value: parseTuple(cursor), line });
        cursor.expect("variable_end");
      } else if (cursor.skip("block_begin")) {
        if (ends && cursor.is("name") && ends.includes(cursor.current.text)) break;
        body.push(...this.#statement());
        cursor.expect("block_end");
      } else {
        if (ends) this.#failAtTag(null);
        break;
      }
    }
    if (ends) this.#wanted.pop();
    return body;
  }

  /** The body of a tag up to one of the end tags, whose name is left as the current token. */
  #body(...ends: string[]): Statement[] {
    this.#cursor.skip("operator", ":");
    this.#cursor.expect("block_end");
    return this.#until(ends);
  }

  #lastBody(end: string): Statement[] {
    const body = this.#body(end);
    this.#cursor.next();
    return body;
  }

  #statement(): Statement[] {
    const token = this.#cursor.current;
    if (token.type !== "name") this.#cursor.fail("tag name expected");
    this.#open.push(token.text);
    const statement = this.#tag(token);
    this.#open.pop();
    return statement;
  }

  #tag({ text: tag, line }: Token): Statement[] {
    switch (tag) {
      case "if":
        return [this.#if(line)];
      case "for":
        return [this.#for(line)];
      case "set":
        return [this.#set(line)];
      case "with":
        return [this.#with(line)];
      case "macro":
        return [this.#macro(line)];
      case "call":
        return [this.#callBlock(line)];
      case "filter":
        return [this.#filterBlock(line)];
      case "block":
        return [this.#block(line)];
      case "print":
        return this.#print(line);
      case "autoescape":
        return [this.#autoescape(line)];
      case "include":
      case "import":
      case "from":
      case "extends":
        return [this.#load(tag, line)];
      default:
        this.#open.pop();
        return this.#failAtTag(tag);
    }
  }

  #if(line: number): Statement {
    const cursor = this.#cursor;
    const branches: { test: Expression; body: Statement[] }[] = [];
    let otherwise: Statement[] = [];
    for (;;) {
      cursor.next();
      const test = parseTuple(cursor, false);
      branches.push({ test, body: this.#body("elif", "else", "endif") });
      if (cursor.isWord("elif")) continue;
      if (cursor.next().text === "else") otherwise = this.#lastBody("endif");
      return { kind: "if", branches, otherwise, line };
    }
  }

  #for(line: number): Statement {
    const cursor = this.#cursor;
    cursor.next();
    const target = this.#target("in");
    if (assignsLoop(target)) {
      fault("TemplateAssertionError", "Can't assign to special loop variable in for-loop target", line);
    }
    cursor.expect("name", "in");
    const iterable = parseTuple(cursor, false, "recursive");
    const condition = cursor.skip("name", "if") ? parseExpression(cursor) : null;
    const recursive = cursor.skip("name", "recursive");
    const body = this.#body("endfor", "else");
    const otherwise = cursor.next().text === "else" ? this.#lastBody("endfor") : [];
    return { kind: "for", target, iterable, condition, recursive, body, otherwise, line };
  }

  #set(line: number): Statement {
    const cursor = this.#cursor;
    cursor.next();
    const target = this.#target();
    if (cursor.skip("operator", "=")) return { kind: "set", target, value: parseTuple(cursor), line };
    const filter = parseFilterChain(cursor, false);
    return { kind: "capture", target, filter, body: this.#lastBody("endset"), line };
  }

  #with(line: number): Statement {
    const cursor = this.#cursor;
    cursor.next();
    const bindings: { target: Target; value: Expression }[] = [];
    while (!cursor.is("block_end")) {
      if (bindings.length > 0) cursor.expect("operator", ",");
      const target = this.#target();
      cursor.expect("operator", "=");
      bindings.push({ target, value: parseExpression(cursor) });
    }
    return { kind: "with", bindings, body: this.#lastBody("endwith"), line };
  }

  #macro(line: number): Statement {
    this.#cursor.next();
    const name = this.#nameTarget();
    const parameters = this.#parameters();
    const signature = this.#withUses(parameters, this.#lastBody("endmacro"));
    return { kind: "macro", name, signature, line };
  }

  #callBlock(line: number): Statement {
    const cursor = this.#cursor;
    cursor.next();
    const parameters = cursor.isOperator("(") ? this.#parameters() : [];
    const call = parseExpression(cursor);
    if (call.kind !== "call") cursor.fail("expected call", line);
    const signature = this.#withUses(parameters, this.#lastBody("endcall"));
    return { kind: "callBlock", call, signature, line };
  }

  #withUses(parameters: Signature["parameters"], body: Statement[]): Signature {
    const names = namesUsed(body);
    const uses = { caller: names.has("caller"), varargs: names.has("varargs"), kwargs: names.has("kwargs") };
    return { parameters, body, uses };
  }

  #parameters(): Signature["parameters"] {
    const cursor = this.#cursor;
    const parameters: Signature["parameters"] = [];
    cursor.expect("operator", "(");
    while (!cursor.isOperator(")")) {
      if (parameters.length > 0) cursor.expect("operator", ",");
      const name = this.#nameTarget();
      const fallback = cursor.skip("operator", "=") ? parseExpression(cursor) : null;
      if (!fallback && parameters.some((parameter) => parameter.fallback)) {
        cursor.fail("non-default argument follows default argument");
      }
      parameters.push({ name, fallback });
    }
    cursor.expect("operator", ")");
    return parameters;
  }

  #filterBlock(line: number): Statement {
    this.#cursor.next();
    const filter = parseFilterChain(this.#cursor, true) as Expression;
    return { kind: "filterBlock", filter, body: this.#lastBody("endfilter"), line };
  }

  #block(line: number): Statement {
    const cursor = this.#cursor;
    cursor.next();
    const { text: name } = cursor.expect("name");
    if (this.#blocks.has(name)) fault("TemplateAssertionError", `block ${repr(name)} defined twice`, line);
    this.#blocks.add(name);
    cursor.skip("name", "scoped");
    cursor.skip("name", "required");
    const body = this.#lastBody("endblock");
    cursor.skip("name", name);
    return { kind: "block", name, body, line };
  }

  #print(line: number): Statement[] {
    const cursor = this.#cursor;
    cursor.next();
    const values: Statement[] = [];
    while (!cursor.is("block_end")) {
      if (values.length > 0) cursor.expect("operator", ",");
      values.push({ kind: "print", value: parseExpression(cursor), line });
    }
    return values;
  }

  #autoescape(line: number): Statement {
    this.#cursor.next();
    const setting = parseExpression(this.#cursor);
    if (setting.kind !== "constant" || setting.value !== false) {
      this.#cursor.fail("autoescape can only be switched off here: prompts are text, not HTML", line);
    }
    return { kind: "with", bindings: [], body: this.#lastBody("endautoescape"), line };
  }

  /** Tags that load another template. They parse, and fail when they run, because prompts have no template loader. */
  #load(tag: string, line: number): Statement {
    const cursor = this.#cursor;
    cursor.next();
    const source = parseExpression(cursor);
    const names: string[] = [];
    while (!cursor.is("block_end")) {
      const token = cursor.next();
      if (token.type === "eof") this.#failAtTag(null);
      if (token.type !== "name" && token.text !== ",") cursor.fail(`unexpected '${describe(token)}'`, token.line);
      if (token.type === "name" && ["as", "import", ","].includes(token.text)) names.push(cursor.current.text);
    }
    return { kind: "load", tag, source, names, line };
  }

  #nameTarget(): string {
    const token = this.#cursor.expect("name");
    if (["true", "false", "none", "True", "False", "None"].includes(token.text)) {
      this.#cursor.fail("can't assign to 'const'", token.line);
    }
    return token.text;
  }

  #target(stop?: string): Target {
    const cursor = this.#cursor;
    const { line } = cursor.current;
    const items: Target[] = [];
    let isTuple = false;
    for (;;) {
      if (cursor.isOperator("=") || cursor.is("block_end") || cursor.isOperator(")")) break;
      if (stop !== undefined && cursor.isWord(stop)) break;
      items.push(this.#oneTarget());
      if (!cursor.skip("operator", ",")) break;
      isTuple = true;
    }
    const [only] = items;
    if (!isTuple && only) return only;
    if (!only) cursor.fail(`Expected an expression, got '${describe(cursor.current)}'`);
    return { kind: "tuple", items, line };
  }

  #oneTarget(): Target {
    const cursor = this.#cursor;
    const { line } = cursor.current;
    if (cursor.skip("operator", "(")) {
      const target = this.#target();
      cursor.expect("operator", ")");
      return target;
    }
    if (!cursor.is("name")) cursor.fail(`can't assign to '${cursor.current.type === "operator" ? "expr" : "const"}'`);
    const name = this.#nameTarget();
    if (!cursor.skip("operator", ".")) return { kind: "name", name, line };
    return { kind: "namespace", name, attribute: cursor.expect("name").text, line };
  }

  #failAtTag(tag: string | null): never {
    const ends = this.#wanted.at(-1);
    const looking = ends?.map((name) => `'${name}'`).join(" or ");
    const parts = [tag === null ? "Unexpected end of template." : `Encountered unknown tag '${tag}'.`];
    if (looking !== undefined) {
      const isMisplaced = tag !== null && this.#wanted.some((names) => names.includes(tag));
      parts.push(
        isMisplaced
          ? `You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ${looking}.`
          : `Jinja was looking for the following tags: ${looking}.`,
      );
    }
    const innermost = this.#open.at(-1);
    if (innermost !== undefined) parts.push(`The innermost block that needs to be closed is '${innermost}'.`);
    return this.#cursor.fail(parts.join(" "));
  }
}
