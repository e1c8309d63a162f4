// Definitions of indexes: what is wrong with one is told by its place, and what documents were analysed by does not change.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { openCatalog } from "../../../src/search/document/catalog.ts";
import { readSchema } from "../../../src/search/document/definition.ts";
import { documentProvider } from "../../../src/search/provider/index.ts";

const KEY = { name: "id", type: "Edm.String", key: true };
const TEXT = { name: "text", type: "Edm.String", analyzer: "en.lucene" };
const VECTOR = { name: "vector", type: "Collection(Edm.Single)", dimensions: 4 };
const FIELDS = [KEY, TEXT, VECTOR];

describe("a definition", () => {
  const refused: [string, object, RegExp][] = [
    ["a field twice", { fields: [...FIELDS, TEXT] }, /'text' is defined twice/],
    ["a key that is a number", { fields: [{ ...KEY, type: "Edm.Int32" }] }, /'id' must be an Edm\.String/],
    ["no key", { fields: [TEXT] }, /0 key fields/],
    ["two keys", { fields: [KEY, { ...KEY, name: "other" }] }, /2 key fields/],
    ["a suggester over nothing", { suggesters: [{ name: "sg", sourceFields: ["title"] }] }, /suggester 'sg'.*'title'/],
    [
      "a weight of nothing",
      { scoringProfiles: [{ name: "p", text: { weights: { title: 2 } } }] },
      /profile 'p'.*'title'/,
    ],
    [
      "a function it does not know",
      { scoringProfiles: [{ name: "p", functions: [{ type: "distance", fieldName: "text", boost: 2 }] }] },
      /function 'distance'.*magnitude, freshness and tag/,
    ],
    [
      "a semantic field that is not there",
      { semantic: { configurations: [{ name: "s", prioritizedFields: { titleField: { fieldName: "title" } } }] } },
      /configuration 's'.*'title'/,
    ],
    ["a vector profile that is not there", { fields: [KEY, { ...VECTOR, vectorSearchProfile: "p" }] }, /profile 'p'/],
  ];
  for (const [what, rest, message] of refused) {
    it(`with ${what} is refused`, () => {
      assert.throws(() => readSchema({ name: "things", fields: FIELDS, ...rest }), { code: "InvalidRequest", message });
    });
  }

  const withFunction = (rest: object) => ({
    scoringProfiles: [{ name: "p", functions: [{ type: "magnitude", fieldName: "number", boost: 2, ...rest }] }],
  });
  const more = (rest: object) => ({ fields: [...FIELDS, { name: "more", type: "Edm.String", ...rest }] });
  const undone: [string, object, RegExp][] = [
    ["a key for encryption", { encryptionKey: { keyVaultKeyName: "k" } }, /encryptionKey/],
    ["an older similarity", { similarity: { "@odata.type": "#Microsoft.Azure.Search.ClassicSimilarity" } }, /Classic/],
    ["a normalizer", more({ normalizer: "lowercase" }), /normalizer of the field 'more'/],
    ["packed bits", more({ vectorEncoding: "packedBit" }), /vectorEncoding of the field 'more'/],
    ["two analyzers", more({ indexAnalyzer: "keyword", searchAnalyzer: "simple" }), /searchAnalyzer.*'more'/],
    ["words in a number", more({ type: "Edm.Int32", searchable: true }), /'more' cannot be searchable/],
    ["an order of many values", more({ type: "Collection(Edm.String)", sortable: true }), /'more' cannot be sortable/],
    ["another algorithm", { vectorSearch: { algorithms: [{ name: "a", kind: "ivf" }] } }, /kind 'ivf'/],
    ["another suggester", { suggesters: [{ name: "s", searchMode: "prefix", sourceFields: ["text"] }] }, /'prefix'/],
    ["a default profile that is not there", { defaultScoringProfile: "none" }, /defaultScoringProfile 'none'/],
    ["a default configuration that is not there", { semantic: { defaultConfiguration: "none" } }, /'none'/],
    ["a curve it does not know", withFunction({ interpolation: "cubic" }), /interpolation 'cubic'/],
    ["a magnitude of words", withFunction({ fieldName: "text" }), /'magnitude' of.*'p' needs.*Edm\.Double/],
    ["a product of functions", { scoringProfiles: [{ name: "p", functionAggregation: "product" }] }, /'product'/],
  ];

  it("that asks for what is not done here is refused when it is made, by the name of the feature", async (context) => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-definition-"));
    const catalog = openCatalog(documentProvider({ folder }), undefined);
    context.after(async () => {
      await catalog.close();
      await rm(folder, { recursive: true, force: true });
    });
    const whole = {
      name: "whole",
      fields: [...FIELDS, { name: "number", type: "Edm.Double" }],
      similarity: { "@odata.type": "#Microsoft.Azure.Search.BM25Similarity" },
      ...withFunction({ interpolation: "linear", magnitude: { boostingRangeStart: 0, boostingRangeEnd: 1 } }),
    };
    assert.equal((await catalog.put(whole, {})).created, true);
    for (const [what, rest, message] of undone) {
      const fields = [...FIELDS, { name: "number", type: "Edm.Double" }];
      await assert.rejects(
        catalog.put({ name: "things", fields, ...rest }, {}),
        { code: "InvalidRequest", message },
        what,
      );
    }
    const words = { name: "words", format: "wordnet", synonyms: "a,b" };
    await assert.rejects(catalog.putExtra("synonymmaps", words, {}), { code: "InvalidRequest", message: /'wordnet'/ });
    const languages = { name: "languages", ...more({ analyzer: "sr-cyrillic.microsoft" }) };
    assert.equal((await catalog.put(languages, {})).created, true);
  });

  it("gets more fields, and keeps those it has as they are", async (context) => {
    const folder = await mkdtemp(path.join(tmpdir(), "flowstead-definition-"));
    context.after(() => rm(folder, { recursive: true, force: true }));
    const catalog = openCatalog(documentProvider({ folder }), undefined);
    await catalog.put({ name: "things", fields: FIELDS }, {});
    const changed: [RegExp, object[]][] = [
      [/'text' cannot be changed/, [KEY, { ...TEXT, analyzer: "de.lucene" }, VECTOR]],
      [/'text' cannot be changed/, [KEY, { name: "text", type: "Edm.Int32" }, VECTOR]],
      [/'text' cannot be changed/, [KEY, { ...TEXT, searchable: false }, VECTOR]],
      [/'vector' cannot be changed/, [KEY, TEXT, { ...VECTOR, dimensions: 8 }]],
      [/'vector' cannot be deleted/, [KEY, TEXT]],
    ];
    for (const [message, fields] of changed) {
      await assert.rejects(catalog.put({ name: "things", fields }, {}), { code: "InvalidRequest", message });
    }
    await catalog.put({ name: "things", fields: [...FIELDS, { name: "more", type: "Edm.Double" }] }, {});
    await catalog.close();
  });
});
