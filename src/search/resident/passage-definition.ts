import type { Embedder } from "../../model/embedder.ts";

/** Passages as documents of the search service: its fields are those of `Passage`. */
export function passageDefinition(name: string, embedder: Embedder | undefined): Record<string, unknown> {
  const field = (of: string, type: string, rest: object = {}): object => ({
    name: of,
    type,
    searchable: false,
    ...rest,
  });
  const words = { searchable: true, analyzer: "en.lucene" };
  return {
    name,
    created: new Date().toISOString(),
    ...(embedder ? { embedder: embedder.fingerprint } : {}),
    fields: [
      field("id", "Edm.String", { key: true }),
      field("documentId", "Edm.String", { filterable: true }),
      field("title", "Edm.String", words),
      field("text", "Edm.String", { ...words, filterable: false, sortable: false, facetable: false }),
      field("headings", "Collection(Edm.String)", words),
      field("ordinal", "Edm.Int32"),
      field("page", "Edm.Int32"),
      field("start", "Edm.Int32"),
      field("end", "Edm.Int32"),
      field("groups", "Collection(Edm.String)", { filterable: true }),
      field("language", "Edm.String", { filterable: true, facetable: true }),
      field("source", "Edm.String", { filterable: true, facetable: true }),
      ...(embedder
        ? [
            field("vector", "Collection(Edm.Single)", {
              searchable: true,
              dimensions: embedder.dimensions,
              retrievable: false,
            }),
          ]
        : []),
    ],
    semantic: {
      defaultConfiguration: "default",
      configurations: [
        {
          name: "default",
          prioritizedFields: { titleField: { fieldName: "title" }, prioritizedContentFields: [{ fieldName: "text" }] },
        },
      ],
    },
  };
}
