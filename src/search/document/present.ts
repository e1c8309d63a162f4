// What is shown of the documents found: their order, facets, highlights, captions, answers, and the page asked for. It is
// the same wherever they were found.

import { countFacets } from "./facet.ts";
import { highlighter } from "./fragment.ts";
import type { Image } from "./image.ts";
import type { Matched } from "./match.ts";
import { type Found, selection, showsVectors, sorted } from "./order.ts";
import type { SearchAnswer, SearchBody } from "./request.ts";
import { type Ranked, answerSettings, caption, captionSettings, rerank, semanticFields } from "./semantic.ts";
import type { StoredDocument } from "./value.ts";

export const DEFAULT_TOP = 50;
/** As many documents as one answer may have. */
export const LARGEST_PAGE = 1000;

/** Whether the best documents are to be ranked anew, with captions and answers where wanted. */
export function isSemantic(body: SearchBody): boolean {
  return body.queryType === "semantic" || Boolean(body.semanticConfiguration && body.captions);
}

interface PresentedFrom {
  /** Holds at least the documents found. */
  image: Image;
  matched: Matched;
  /** Gives documents the vectors that the image does not hold. */
  whole?: ((documents: readonly StoredDocument[]) => Promise<StoredDocument[]>) | undefined;
}

/** `all` is what was found, with its scores. @throws `InvalidRequest`. */
export async function presented(
  all: readonly Found[],
  body: SearchBody,
  { image, matched, whole }: PresentedFrom,
): Promise<SearchAnswer> {
  const { schema } = image;
  const select = selection(body.select, schema);
  const wantsSense = isSemantic(body);
  const ordered = sorted(all, wantsSense ? undefined : body.orderby, schema);
  const asked = body.semanticQuery ?? body.search ?? "";
  const fields = wantsSense ? semanticFields(schema, image, body.semanticConfiguration) : undefined;
  const final: (Found & Partial<Ranked>)[] = fields ? rerank(asked, ordered, fields, image) : ordered;

  const skip = body.skip ?? 0;
  const top = body.top ?? DEFAULT_TOP;
  const page = final.slice(skip, skip + Math.min(top, LARGEST_PAGE));
  const tags = { before: body.highlightPreTag ?? "<em>", after: body.highlightPostTag ?? "</em>" };
  const highlightsOf = highlighter(body.highlight, { image, matched, tags });
  const captions = fields && captionSettings(body.captions);
  const marked = page.map((one) => {
    const highlights = highlightsOf(one.document);
    const said = fields && captions ? caption(asked, one, fields) : undefined;
    return {
      "@search.score": one.score,
      ...(one.rerankerScore === undefined ? {} : { "@search.rerankerScore": one.rerankerScore }),
      ...(said
        ? { "@search.captions": [{ text: said.text, highlights: captions?.highlight ? said.highlights : "" }] }
        : {}),
      ...(highlights ? { "@search.highlights": highlights } : {}),
    };
  });
  const settings = fields && answerSettings(body.answers);
  const hasMore =
    skip + page.length < final.length && (body.top === undefined || body.top === null || top > LARGEST_PAGE);
  const documents = all.map(({ document }) => document);
  const rest = {
    ...(body.count ? { count: all.length } : {}),
    ...(body.facets?.length ? { facets: countFacets(body.facets, documents, schema) } : {}),
    ...(fields && settings ? { answers: answersOf(final as Ranked[], { asked, fields, settings }) } : {}),
    ...(hasMore
      ? { next: { ...body, skip: skip + page.length, ...(body.top ? { top: top - page.length } : {}) } }
      : {}),
    notes: fields ? ["semantic: ranked by the lexical re-rank, no language model"] : [],
  };
  // Last of all: the image may go on meanwhile.
  const bare = page.map(({ document }) => document);
  const shown = whole && showsVectors(body.select, schema) ? await whole(bare) : bare;
  return { ...rest, value: marked.map((one, at) => ({ ...one, ...select(shown[at]!) })) };
}

interface AnswersWanted {
  asked: string;
  fields: ReturnType<typeof semanticFields>;
  settings: { count: number; threshold: number };
}

function answersOf(found: readonly Ranked[], { asked, fields, settings }: AnswersWanted): Record<string, unknown>[] {
  return found
    .slice(0, 10)
    .map((one) => ({ one, said: caption(asked, one, fields) }))
    .filter(({ said }) => said.share >= settings.threshold)
    .sort((a, b) => b.said.share - a.said.share || b.one.rerankerScore - a.one.rerankerScore)
    .slice(0, settings.count)
    .map(({ one, said }) => ({
      key: one.document.key,
      text: said.text,
      highlights: said.highlights,
      score: said.share,
    }));
}
