// Templates that attack: nothing of JavaScript or of the process can be reached, hung or filled.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { type RenderLimits, compileTemplate } from "../../../src/prompt/template.ts";

const CONTEXT = { text: "abc", list: [1, 2], map: { a: 1 }, fn: () => "called", date: new Date(0) };

function render(template: string, limits: Partial<RenderLimits> = {}): string {
  return compileTemplate(template).render(CONTEXT, { limits });
}

function fails(template: string, type: string, limits: Partial<RenderLimits> = {}): void {
  assert.throws(
    () => render(template, limits),
    (error) =>
      error instanceof FlowsteadError && error.code === "JinjaTemplateError" && error.details?.["type"] === type,
    template,
  );
}

const NAMES = ["constructor", "__proto__", "prototype", "toString", "valueOf", "hasOwnProperty", "__defineGetter__"];

for (const name of NAMES) {
  test(`${name} is reachable from nothing`, () => {
    for (const value of [
      "text",
      "list",
      "map",
      "1",
      "1.5",
      "true",
      "range",
      "loop",
      "text.upper",
      "map.items",
      "(1,)",
    ]) {
      for (const access of [`${value}.${name}`, `${value}['${name}']`, `${value}|attr('${name}')`]) {
        const shown = render(`{% for x in [1] %}{{ ${access} }}{% endfor %}`);
        assert.equal(shown, "", access);
      }
    }
  });
}

test("names of JavaScript's own are no variables", () => {
  for (const name of [
    "process",
    "globalThis",
    "require",
    "constructor",
    "__proto__",
    "Object",
    "Function",
    "eval",
    "this",
  ]) {
    assert.equal(render(`{{ ${name} }}`), "");
    assert.deepEqual([...compileTemplate(`{{ ${name} }}`).undeclaredVariables], [name]);
  }
});

test("a function in the context is no function", () => {
  assert.equal(render("{{ fn }}"), "None");
  fails("{{ fn() }}", "TypeError");
});

test("keys named like JavaScript's own are plain keys", () => {
  assert.equal(
    render("{% set d = {'__proto__': 1, 'constructor': 2} %}{{ d }}{{ d.constructor }}"),
    "{'__proto__': 1, 'constructor': 2}2",
  );
  assert.equal(
    compileTemplate("{{ m }}").render({ m: JSON.parse('{"__proto__": {"x": 1}}') as unknown }),
    "{'__proto__': {'x': 1}}",
  );
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});

test("the escape of Python's sandbox is closed the same way", () => {
  assert.equal(render("{{ ''.__class__ }}"), "");
  fails("{{ ''.__class__.__mro__ }}", "SecurityError");
  fails("{{ ().__class__.__bases__[0].__subclasses__() }}", "SecurityError");
  fails("{{ '{0.__class__.x}'.format(1) }}", "SecurityError");
  fails("{{ (text|attr('__class__')).__mro__ }}", "SecurityError");
});

test("a flow that switches the sandbox off gets nothing where it would get an error, and no way out", () => {
  const open = (template: string, value = "false"): string =>
    compileTemplate(template, { env: { PF_USE_SANDBOX_FOR_JINJA: value } }).render(CONTEXT);
  assert.equal(
    open("{{ text.__class__.__name__ }} {{ list.__class__ }} {{ 1.0.__class__['__name__'] }}", "False"),
    "str <class 'list'> float",
  );
  assert.equal(open("{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}"), "");
  assert.equal(open("[{{ text.__init__.__globals__['os'].popen('id').read() }}]"), "[]");
  assert.equal(open("{{ text['__doc__'] is defined }}"), "False");
  assert.throws(() => open("{{ text.missing.more }}"), { code: "JinjaTemplateError" });
  assert.throws(() => open("{{ text.__class__.__mro__ }}", "no"), { code: "JinjaTemplateError" });
});

test("a template that changes a list changes its own copy", () => {
  const list = [1];
  const map = { a: 1 };
  const template = compileTemplate("{% set _ = list.append(2) %}{% set _ = map.update({'b': 2}) %}{{ list }}{{ map }}");
  assert.equal(template.render({ list, map }), "[1, 2]{'a': 1, 'b': 2}");
  assert.equal(template.render({ list, map }), "[1, 2]{'a': 1, 'b': 2}");
  assert.deepEqual([list, map], [[1], { a: 1 }]);
});

test("loops inside loops end at the step limit", () => {
  const range = "range(100000)";
  fails(`{% for a in ${range} %}{% for b in ${range} %}{% endfor %}{% endfor %}`, "RecursionError", {
    maxSteps: 100_000,
  });
  fails(`{{ ${range}|map('string')|map('upper')|list|sort|join|length }}`, "RecursionError", { maxSteps: 10_000 });
});

test("a small value that holds itself many times over can neither be printed nor compared without end", () => {
  const twice = (kind: string): string =>
    `{% set ns = namespace(x=${kind}, y=${kind}) %}{% for i in range(40) %}{% set ns.x = ${kind.replace("1", "ns.x, ns.x")} %}` +
    `{% set ns.y = ${kind.replace("1", "ns.y, ns.y")} %}{% endfor %}`;
  const began = performance.now();
  for (const use of [
    "{{ ns.x }}",
    "{{ ns.x|string|length }}",
    "{{ [ns.x]|join }}",
    "{{ ns.x|pprint }}",
    "{{ ns.x == ns.y }}",
    "{{ ns.x in [ns.y] }}",
    "{{ ns.x < ns.y }}",
    "{{ [ns.x, ns.y]|sort|length }}",
  ]) {
    fails(`${twice("[1]")}${use}`, "RecursionError", { maxSteps: 100_000 });
  }
  fails(`${twice("(1,)")}{{ {ns.x: 1} }}`, "RecursionError", { maxSteps: 100_000 });
  fails("{% set l = ['x' * 10**6] %}{{ [l] * 10**5 }}", "RecursionError", { maxSteps: 100_000 });
  fails("{% set l = ['x' * 10**6] %}{{ ([l] * 10**5)|join }}", "RecursionError", { maxSteps: 100_000 });
  assert.ok(performance.now() - began < 10_000);
});

test("a slow template ends at the time limit", () => {
  const template = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
  fails(template, "TimeoutError", { maxTimeMs: 20, maxSteps: Number.MAX_SAFE_INTEGER });
});

test("large values are refused before they are made", () => {
  const before = process.memoryUsage().rss;
  for (const template of [
    "{{ 'x' * 10**12 }}",
    "{{ [0] * 10**12 }}",
    "{{ (0,) * 10**12 }}",
    "{{ '%999999999999d' % 1 }}",
    "{{ '{:>99999999999}'.format('x') }}",
    "{{ 'x'.ljust(10**12) }}",
    "{{ 'x'.center(10**12) }}",
    "{{ 'x'|center(10**12) }}",
    "{{ '5'.zfill(10**12) }}",
    "{{ ('x' * 10**6).replace('x', 'x' * 10**6) }}",
    "{{ ('x' * 10**6)|replace('', 'x' * 10**6) }}",
    "{{ ('x' * 10**5).join(['y'] * 10**5) }}",
    "{{ (['y'] * 10**5)|join('x' * 10**5) }}",
    "{% set x = 'x' * 10**6 %}{% for i in range(100) %}{{ x }}{% endfor %}",
    "{% set ns = namespace(x='x') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
  ]) {
    fails(template, "MemoryError", { maxSize: 2_000_000 });
  }
  assert.ok(process.memoryUsage().rss - before < 500_000_000);
  fails("{{ 10 ** 1000000 }}", "OverflowError");
  fails(
    "{% set n = namespace(x=2) %}{% for i in range(64) %}{% set n.x = n.x * (n.x + 7) %}{% endfor %}{{ n.x }}",
    "OverflowError",
  );
  fails("{{ range(100001) }}", "OverflowError");
});

test("deep nesting ends as an error, not as a crash", () => {
  fails("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError");
  fails("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "RecursionError");
  fails(`{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`, "TemplateSyntaxError");
  fails(`{{ ${"-".repeat(5000)}1 }}`, "TemplateSyntaxError");
  fails(`{{ ${"[".repeat(5000)}${"]".repeat(5000)} }}`, "TemplateSyntaxError");
  fails(`${"{% if 1 %}".repeat(5000)}${"{% endif %}".repeat(5000)}`, "TemplateSyntaxError");
  assert.match(render("{% set l = [] %}{% set _ = l.append(l) %}{{ l }}"), /^\[\[\.\.\.\]\]$/);
  fails("{% set l = [] %}{% set _ = l.append(l) %}{{ l|tojson }}", "RecursionError");
  let deep: unknown = 1;
  for (let level = 0; level < 5000; level++) deep = [deep];
  assert.throws(() => compileTemplate("{{ deep }}").render({ deep }), /RecursionError/);
});

test("patterns do not blow up on long blanks", () => {
  const started = performance.now();
  const blanks = "\n ".repeat(100_000);
  const template = compileTemplate(
    "{{ x|trim|length }}{{ x|wordcount }}{{ x|striptags }}{{ (x ~ '<')|striptags|length }}{{ x|title|length }}",
  );
  template.render({ x: blanks });
  compileTemplate("{{ x|striptags|length }}").render({ x: "<".repeat(300_000) });
  compileTemplate("{{ x|float }}{{ x|int }}").render({ x: `${"1".repeat(300_000)}x` });
  compileTemplate("{{ x.expandtabs()|length }}{{ x|indent|length }}").render({ x: "x".repeat(300_000) });
  compileTemplate(`{{ 1 }}${blanks}{%- if 1 %}${blanks}{% endif %}`).render({});
  assert.ok(performance.now() - started < 10_000);
});

test("a canceled signal stops before the work", () => {
  const signal = AbortSignal.abort();
  assert.throws(
    () => compileTemplate("{{ 1 }}").render({}, { signal }),
    (error) => error instanceof FlowsteadError && error.code === "Canceled",
  );
});

test("an error says the file and the line", () => {
  const template = compileTemplate("one\n{{ fine }}\n{{ missing.attribute }}\n", { file: "ask.jinja2" });
  assert.throws(
    () => template.render({ fine: 1 }),
    (error) => {
      assert.ok(error instanceof FlowsteadError);
      assert.equal(
        error.message,
        "Failed to render jinja template: UndefinedError: 'missing' is undefined. Please modify your prompt to fix the issue.",
      );
      assert.deepEqual([error.details?.["line"], error.details?.["file"]], [3, "ask.jinja2"]);
      return true;
    },
  );
  assert.throws(
    () => compileTemplate("ok\n\n{% if %}"),
    (error) => error instanceof FlowsteadError && error.details?.["line"] === 3,
  );
});
