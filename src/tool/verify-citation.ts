// A node tool that checks each cited sentence of an answer against the document it cites, by rule.

import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, float, pyStr } from "../base/value.ts";
import type { NodeDefinition } from "../flow/definition.ts";
import { convertLiterals } from "../flow/literal.ts";
import { plainInput } from "../flow/node/value.ts";
import type { NodeCall, NodeTool, PreparedNode } from "../flow/tool.ts";
import { sentences } from "../search/analysis/sentence.ts";
import { CHECK_NAME, verifyClaim } from "../search/verify.ts";

const PARAMETERS = { answer: { type: ["string"] }, documents: { type: ["list"] } };

export const VERIFY_CITATION_TOOL: NodeTool = {
  id: "flowstead.verify_citations",
  aliases: [],
  async prepare(node: NodeDefinition): Promise<PreparedNode> {
    const inputs = convertLiterals(node, PARAMETERS);
    for (const name of Object.keys(PARAMETERS)) {
      if (inputs[name]) continue;
      throw new FlowsteadError("NodeInputValidationError", `Input '${name}' for node '${node.name}' is missing.`);
    }
    return { inputs, streaming: "never", optionalInputs: new Set(), run: async (call) => verify(call) };
  },
};

async function verify(call: NodeCall): Promise<ValueMap> {
  const answer = pyStr(plainInput(call.inputs["answer"] ?? ""));
  const documents = plainInput(call.inputs["documents"] ?? "");
  if (!Array.isArray(documents)) {
    throw new FlowsteadError(
      "NodeInputValidationError",
      `Input 'documents' for node '${call.node}' is no list. Give it what the answer's markers [1], [2] ... count.`,
    );
  }
  const claims = claimsOf(answer).map((claim) => checked(claim, documents));
  const unsupported = claims.filter(({ supported }) => supported === false).length;
  return { check: CHECK_NAME, supported: unsupported === 0, unsupported, claims };
}

interface Claim {
  sentence: string;
  start: number;
  end: number;
  cites: number[];
}

const MARKER = /\s?\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]/g;
const MOST_CLAIMS = 500;

/** The sentences with markers; a marker behind the full stop belongs to the sentence before it. */
function claimsOf(answer: string): Claim[] {
  const claims: Claim[] = [];
  for (const { start, end } of sentences(answer)) {
    const whole = answer.slice(start, end);
    const leading = /^(?:\s?\[\d[\d,;\s]*\])+/.exec(whole)?.[0] ?? "";
    const previous = claims.at(-1);
    if (leading !== "" && previous && !answer.slice(previous.end, start).includes("\n")) {
      previous.cites.push(...numbersIn(leading));
    }
    const body = previous ? whole.slice(leading.length) : whole;
    const sentence = body.replaceAll(MARKER, "").trim();
    if (/\p{L}|\p{N}/u.test(sentence)) claims.push({ sentence, start, end, cites: numbersIn(body) });
  }
  return claims.filter(({ cites }) => cites.length > 0).slice(0, MOST_CLAIMS);
}

function numbersIn(text: string): number[] {
  const found = [...text.matchAll(MARKER)].flatMap(([, inside]) => inside!.match(/\d+/g) ?? []);
  return [...new Set(found.map(Number))];
}

/** One source that supports the sentence is enough. */
function checked({ sentence, start, end, cites }: Claim, documents: readonly Value[]): ValueMap {
  const sources = cites.map((n): ValueMap => {
    const text = textOf(documents[n - 1]);
    if (text === undefined) return { n, supported: false, reason: "there is no such document" };
    const { isSupported, overlap, reason = null, ...place } = verifyClaim(sentence, text);
    return { n, supported: isSupported, overlap: float(overlap), start: place.start, end: place.end, reason };
  });
  const supported = sources.some((source) => source["supported"] === true);
  return { sentence, start, end, supported, sources };
}

/** A document is its text, or an entry of a lookup. */
function textOf(document: Value | undefined): string | undefined {
  if (typeof document === "string") return document;
  if (typeof document !== "object" || document === null || Array.isArray(document)) return undefined;
  const entry = document as ValueMap;
  const text = entry["text"] ?? entry["page_content"] ?? entry["content"];
  return typeof text === "string" ? text : undefined;
}
