// The part of the configuration that is about models and embedders.

import { z } from "zod";

/** How calls are spread over the members of a pool, of models and of endpoints alike. */
export const poolMember = {
  priority: z
    .int()
    .min(0)
    .default(0)
    .describe("Members with the lowest number are used first; the others when those are out."),
  weight: z.number().positive().default(1).describe("Share of calls among members of one priority."),
};

/** An entry of `models`. */
export const model = z
  .looseObject({
    name: z
      .string()
      .min(1)
      .default("default")
      .describe("Name that flows use as their `connection`; entries of one name form one pool."),
    provider: z
      .string()
      .min(1)
      .describe("`openai` (and every server that speaks its API), `azure-openai`, `anthropic` or `extractive`."),
    region: z.string().optional().describe("Where the model runs, for logs and routing."),
    ...poolMember,
    serves: z
      .string()
      .optional()
      .describe(
        "Name and version of the model behind the entry; members of one pool must agree. Default: its `model`.",
      ),
    residency: z
      .string()
      .optional()
      .describe("Where data may be processed, such as `eu`; members of one pool must agree."),
  })
  .describe(
    "Each entry is one model, or one region of it. The provider's own settings stand beside these: base_url, api_key, model, organization, endpoint, deployment, api_version, auth, max_tokens (of Anthropic's answers), first_token_seconds, idle_seconds.",
  );

/** What stands under `embedder`. */
export const embedder = z
  .looseObject({
    provider: z.string().min(1).describe("`openai` or `azure-openai`."),
    regions: z
      .array(
        z
          .looseObject({
            region: z.string().optional().describe("Where the model runs, for logs."),
            ...poolMember,
            serves: z
              .string()
              .optional()
              .describe("Name of the model where servers name it differently; regions must agree. Default: `model`."),
            residency: z.string().optional().describe("Where data may be processed, such as `eu`; regions must agree."),
          })
          .describe("One region of the model; what it does not name is taken from beside `regions`."),
      )
      .min(1)
      .optional()
      .describe("A pool in place of one server: calls move between the regions as those of `models` do."),
  })
  .describe(
    "Turns texts into vectors for hybrid search; without one, search is by words alone. The provider's own settings stand beside: base_url, api_key, model, organization, endpoint, deployment, api_version, auth, dimensions, answer_seconds.",
  );
