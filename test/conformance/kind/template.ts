// Templates: rendering, and the rewriting of image tags.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parsePrompty } from "../../../src/prompt/prompty.ts";
import { liftImages } from "../../../src/prompt/image.ts";
import { compileTemplate } from "../../../src/prompt/template.ts";
import type { Case, KindContext, Kinds } from "../case.ts";
import { expectEqual, expectFailure, expectTrue } from "../compare.ts";

export const TEMPLATE_KINDS: Kinds = {
  template_render(testCase, context) {
    const template = compileTemplate(readTemplate(testCase, context), { file: testCase.flow ?? "" });
    expectEqual(
      template.render(testCase.inputs["context"] as Record<string, unknown>),
      testCase.expect["text"],
      "text",
    );
  },

  async "unit:yaml_template_render"({ inputs, expect }) {
    const env = { PF_USE_SANDBOX_FOR_JINJA: String(inputs["use_sandbox_env"] as boolean | string) };
    const render = (): string => compileTemplate(inputs["template_payload"] as string, { env }).render({});
    if (expect["should_raise_error"] === true) await expectFailure(render);
    else expectTrue(typeof render() === "string", "it should render");
  },

  "unit:image_template_preprocess"({ inputs, expect }) {
    expectEqual(liftImages(inputs["input_string"] as string), expect["expected_output"]);
  },
};

/** The template is the file, or the body of a prompty: the one whose hash the case names. */
function readTemplate({ flow, inputs }: Case, { upstream }: KindContext): string {
  const text = readFileSync(path.join(upstream, flow ?? ""), "utf8");
  const wanted = inputs["template_sha1_8"] as string;
  const sources = flow?.endsWith(".prompty") ? [parsePrompty(text, flow).template, text] : [text];
  const found = sources.find((source) => createHash("sha1").update(source).digest("hex").startsWith(wanted));
  return found ?? (sources[0] as string);
}
