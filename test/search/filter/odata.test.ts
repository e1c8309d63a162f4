// Filters in OData: what they mean of documents, what they read back as, and where a wrong one is wrong.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { conditionOf } from "../../../src/search/filter/evaluate.ts";
import { filterText } from "../../../src/search/filter/odata.ts";
import { parseFilter } from "../../../src/search/filter/parse.ts";

const DOCUMENTS: Readonly<Record<string, Record<string, unknown>>> = {
  inn: {
    name: "O'Hara's Inn",
    stars: 3,
    open: true,
    since: "1999-12-31T23:00:00Z",
    tags: ["bar", "sea view", "a|b"],
    rooms: [
      { beds: 1, kind: "single" },
      { beds: 2, kind: "double" },
    ],
    address: { city: "Lund", zip: null },
  },
  hotel: {
    name: "Grand",
    stars: 4.5,
    open: false,
    since: "2001-02-03T04:05:06.5Z",
    tags: ["pool"],
    rooms: [{ beds: 2, kind: "single" }],
    address: { city: "Bonn", zip: "53111" },
  },
  hut: { name: "Hut", stars: -1, open: null, since: null, tags: [], rooms: [], address: null, code: "" },
};

/** The documents that a filter finds, which it also finds as what it is written as. */
function found(filter: string): string {
  const match = ({
    query,
    fields = [],
    mode,
    syntax,
  }: {
    query: string;
    fields?: string[];
    mode: string;
    syntax: string;
  }) => new Set([query, ...fields, mode, syntax]);
  const by = (text: string): string => {
    const condition = conditionOf(parseFilter(text), match);
    return Object.keys(DOCUMENTS)
      .filter((key) => condition(DOCUMENTS[key]!, key))
      .join(" ");
  };
  const keys = by(filter);
  const written = filterText(parseFilter(filter));
  assert.equal(by(written), keys, written);
  return keys;
}

describe("a filter in OData", () => {
  const means: readonly [filter: string, keys: string][] = [
    ["stars eq 3", "inn"],
    ["stars ne 3", "hotel hut"],
    ["stars gt 3", "hotel"],
    ["stars ge 3", "inn hotel"],
    ["stars lt 3", "hut"],
    ["stars le 3", "inn hut"],
    ["3 lt stars", "hotel"],
    ["3 le stars", "inn hotel"],
    ["3 gt stars", "hut"],
    ["3 ge stars", "inn hut"],
    ["3 eq stars", "inn"],
    ["3 ne stars", "hotel hut"],
    ["stars eq 4.5", "hotel"],
    ["stars eq 45e-1", "hotel"],
    ["stars lt -0.5", "hut"],
    ["stars lt INF and stars gt -INF", "inn hotel hut"],
    ["stars eq NaN", ""],
    ["name eq 'O''Hara''s Inn'", "inn"],
    ["name gt 'H'", "inn hut"],
    ["open", "inn"],
    ["open eq true", "inn"],
    ["open eq false", "hotel"],
    ["not open", "hotel hut"],
    ["open eq null", "hut"],
    ["open ne null", "inn hotel"],
    ["open ne true", "hotel hut"],
    ["since gt null", ""],
    ["since lt 2000-01-01T00:00:00Z", "inn"],
    ["since lt 1999-12-31T23:00:00Z", ""],
    ["since ge 2000-01-01", "hotel"],
    ["since ge 2000-01-01T00:00:00+02:00", "inn hotel"],
    ["since ge 1999-12-31T18:00:00-05:30", "hotel"],
    ["since eq 2001-02-03T04:05:06.500Z", "hotel"],
    ["since ge 1999-12-31T23:00:00", "inn hotel"],
    ["address/city eq 'Bonn'", "hotel"],
    ["address/zip eq null", "inn hut"],
    ["true", "inn hotel hut"],
    ["false", ""],
    ["not true", ""],
    ["true and not false", "inn hotel hut"],
    ["not not open", "inn"],
    // `and` binds more than `or`, `not` more than both.
    ["stars eq 3 or stars eq 4.5 and open", "inn"],
    ["(stars eq 3 or stars eq 4.5) and not open", "hotel"],
    ["not open and stars gt 0", "hotel"],
    ["not (open and stars gt 0)", "hotel hut"],
    ["open and stars eq 4.5 or stars lt 0", "hut"],
    ["tags/any()", "inn hotel"],
    ["not tags/any()", "hut"],
    ["tags/any(t: t eq 'pool')", "hotel"],
    ["tags/any(t: t ne 'pool')", "inn"],
    ["tags/all(t: t ne 'pool')", "inn hut"],
    ["tags/any(t: search.in(t, 'bar, pool'))", "inn hotel"],
    ["tags/any(t: search.in(t, 'sea view, pool'))", "hotel"],
    ["tags/any(t: search.in(t, 'sea view,pool', ','))", "inn hotel"],
    ["tags/any(t: search.in(t, 'a|b;pool', ';'))", "inn hotel"],
    ["tags/any(t: search.in(t, ''))", ""],
    ["search.in(name, 'Grand Hut')", "hotel hut"],
    ["search.in(name, 'Grand,Hut', '|')", ""],
    ["search.in(name, 'Grand, Hut', ',')", "hotel hut"],
    ["search.in(code, 'x,,y', ',')", ""],
    ["code eq ''", "hut"],
    ["search.in(name, 'Grand]Hut', ']')", "hotel hut"],
    ["search.in(name, 'Grand^Hut-x', '^-')", "hotel hut"],
    ["rooms/any(r: r/beds eq 2 and r/kind eq 'single')", "hotel"],
    ["rooms/all(r: r/kind eq 'single')", "hotel hut"],
    ["rooms/any(r: r/beds eq 1 or stars gt 4)", "inn hotel"],
    ["rooms/any(r: r/beds eq 2) and tags/any(r: r eq 'bar')", "inn"],
    ["rooms/any(r: tags/any(t: t eq 'bar' and r/beds eq 2))", "inn"],
    ["rooms/kind/any(k: k eq 'double')", "inn"],
    ["search.ismatch('inn')", "inn"],
    ["search.ismatchscoring('inn') or stars lt 0", "inn hut"],
    ["search.ismatch('x', 'hut, hotel')", "hotel hut"],
    ["search.ismatch('x', null, 'full', 'all') or search.ismatch('hotel', '', 'simple')", "hotel"],
  ];
  for (const [filter, keys] of means) {
    it(`${filter} finds ${keys === "" ? "nothing" : keys}`, () => assert.equal(found(filter), keys));
  }

  it("tells the language, mode and fields of a search in it, which are simple, any and all unless they are named", () => {
    const [query, rest] = ["'a b'", { op: "match", query: "a b" }];
    const plain = { ...rest, syntax: "simple", mode: "any" };
    assert.deepEqual(parseFilter(`search.ismatch(${query})`), { ...plain, scoring: false });
    assert.deepEqual(parseFilter(`search.ismatchscoring(${query})`), { ...plain, scoring: true });
    assert.deepEqual(parseFilter(`search.ismatch(${query}, 'x,y', 'full', 'all')`), {
      ...rest,
      fields: ["x", "y"],
      syntax: "full",
      mode: "all",
      scoring: false,
    });
  });

  it("tells where a field stands, and is written with the function that counts for the score or not", () => {
    const filter = "true and stars eq 3";
    const { args } = parseFilter(filter) as { args: { path?: { position: number } }[] };
    assert.equal(args[1]?.path?.position, filter.indexOf("stars") + 1);
    for (const name of ["search.ismatch", "search.ismatchscoring"]) {
      assert.equal(filterText(parseFilter(`${name}('a', 'x,y', 'full', 'all')`)), `${name}('a', 'x,y', 'full', 'all')`);
    }
  });

  const wrong: readonly [filter: string, position: number, why: RegExp][] = [
    ["", 1, /a field is expected|constant/],
    ["stars eq", 9, /a constant is expected/],
    ["stars == 3", 7, /unknown sign/],
    ["stars eq 'x", 10, /no closing quote/],
    ["stars eq other", 10, /not with another field/],
    ["3 is stars", 3, /one of eq, ne, gt, ge, lt, le/],
    ["stars eq 3 stars", 12, /"stars" is not expected here/],
    ["(stars eq 3", 12, /"\)" is expected/],
    ["stars eq 3)", 11, /"\)" is not expected/],
    ["stars eq 3 and", 15, /expected/],
    ["tags/some(t: t eq 'x')", 11, /"some" is no function of a collection/],
    ["any(t: t eq 'x')", 1, /the function any is not known/],
    ["tags/all()", 11, /all\(\) needs a condition/],
    ["tags/any('t': t eq 'x')", 10, /a variable is expected/],
    ["tags/any(t eq 'x')", 12, /":" is expected/],
    ["tags/any(t: t eq 'x'", 21, /"\)" is expected/],
    ["address/ eq 1", 13, /"1" is not expected here/],
    ["address/'x' eq 1", 9, /a field is expected after \//],
    ["since gt 2001-13-01", 10, /2001-13-01 is no date/],
    ["geo.distance(place, geography'POINT(1 2)') lt 3", 1, /geo\.distance is not supported/],
    ["startswith(name, 'x')", 1, /the function startswith is not known/],
    ["search.in('x', 'y')", 11, /a field is expected/],
    ["search.in(name)", 15, /"," is expected/],
    ["search.in(name, 3)", 17, /the values must be a text/],
    ["search.in(name, 'a', 3)", 22, /the separators must be a text/],
    ["search.ismatch(3)", 16, /the query must be a text/],
    ["search.ismatch('x', 3)", 21, /an argument must be a text/],
    ["search.ismatch('x', 'f', 'lucene')", 34, /'simple' or 'full'/],
    ["search.ismatch('x', 'f', 'full', 'some')", 40, /'any' or 'all'/],
    ["search.ismatch('x', 'f', 'full', 'all', 'y')", 44, /takes a query/],
  ];
  for (const [filter, position, why] of wrong) {
    it(`'${filter}' is refused at position ${position}`, () => {
      assert.throws(
        () => parseFilter(filter),
        (thrown: Error & { code?: string; details?: { parameter?: string; position?: number } }) => {
          assert.equal(thrown.code, "InvalidRequest");
          assert.deepEqual([thrown.details?.parameter, thrown.details?.position], ["$filter", position]);
          assert.match(thrown.message, why);
          assert.ok(thrown.message.includes(`at position ${position} in '${filter}'`), thrown.message);
          return true;
        },
      );
    });
  }

  it("100 levels are read, and one more is refused, in parentheses as with not", () => {
    const nested = (levels: number): string => `${"(".repeat(levels)}open${")".repeat(levels)}`;
    assert.equal(found(nested(99)), "inn");
    assert.throws(() => parseFilter(nested(100)), /more than 100 levels/);
    assert.equal(parseFilter(`${"not ".repeat(99)}open`).op, "not");
    assert.throws(() => parseFilter(`${"not ".repeat(100)}open`), /more than 100 levels/);
    // Levels one after another are none within each other.
    assert.equal(found(Array.from({ length: 150 }, () => "(not (stars eq 3))").join(" and ")), "hotel hut");
  });

  it("a long filter is told by its beginning and the place", () => {
    const text = `${"stars gt 1 and ".repeat(60)}stars gt gt`;
    assert.throws(
      () => parseFilter(text),
      (thrown: Error) => {
        assert.ok(thrown.message.length < 450, String(thrown.message.length));
        assert.match(thrown.message, /…' \(at "gt"\)/);
        return true;
      },
    );
  });

  it("values of every kind are written so that they are read as the same", () => {
    const path = { names: ["name"], position: 1 };
    for (const values of [
      ["a", "b"],
      ["a|b", "c"],
      ["a|b", "c,d", "e;f", "g~h"],
      ["a|b,c;d~e\u001ff", "g"],
      [" a ", ""],
      ["it's"],
      [],
    ]) {
      const read = parseFilter(filterText({ op: "in", path, values }));
      const by = conditionOf(read, () => new Set());
      for (const value of [...values, "a", "c", "other", "f"]) {
        assert.equal(by({ name: value }, "k"), values.includes(value), `${value} of ${JSON.stringify(values)}`);
      }
    }
    for (const value of [0, -1.5, 1e21, Infinity, -Infinity, true, false, null, "it's", new Date(1e12)]) {
      assert.deepEqual(parseFilter(filterText({ op: "compare", comparison: "eq", path, value })), {
        op: "compare",
        comparison: "eq",
        path,
        value,
      });
    }
    assert.equal(filterText({ op: "and", args: [] }), "true");
    assert.equal(filterText({ op: "or", args: [] }), "false");
  });
});
