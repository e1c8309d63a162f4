// Settings of search: the provider, the documents and how the best passages are put in order.

import { z } from "zod";

export const reranker = z
  .looseObject({
    provider: z.string().min(1).describe("`cross-encoder` (a server with `/rerank`) or `chat-model`."),
  })
  .describe(
    "A model that puts the best passages of each search in order; without it, or without its answer, words and vectors decide. Beside: candidates (50), timeout_seconds (5). cross-encoder: base_url, api_key, model, wire (`documents` as Cohere, Jina and vLLM have it, `texts` for text-embeddings-inference). chat-model: model, an entry as under `models`.",
  );

const weight = z.number().positive().max(1000).default(1);

export const searchSchema = z
  .strictObject({
    provider: z
      .enum(["embedded", "postgres", "azure-ai-search", "opensearch"])
      .default("embedded")
      .describe("Where indexes are kept: in the state folder, a PostgreSQL database, or a search service."),
    url: z
      .string()
      .optional()
      .describe("Address: postgres://USER:PASSWORD@HOST/NAME, or https://HOST of an Azure AI Search or OpenSearch."),
    api_key: z.string().optional().describe("Admin key of the Azure AI Search service."),
    auth: z
      .looseObject({ type: z.string() })
      .optional()
      .describe("An Entra identity instead of the key, as `auth` of an Azure OpenAI model."),
    username: z.string().optional().describe("For OpenSearch, with `password`."),
    password: z.string().optional().describe("For OpenSearch."),
    ca_file: z.string().optional().describe("Certificates to trust for the service, as PEM."),
    word_weight: weight.describe("How much the ranks by words count in a hybrid search."),
    vector_weight: weight.describe("How much the ranks by vectors count in a hybrid search."),
  })
  .prefault({});

const languageTags = /^(?:ar|da|de|en|es|fi|fr|hu|it|nb|nl|no|pt|ro|ru|sv|tr)(?:-[A-Za-z]{2,4})?$/;

export const documentsSchema = z
  .strictObject({
    folder: z
      .string()
      .optional()
      .describe(
        "Folder, file, ZIP archive, s3:// or az:// address, indexed at every start; the sample handbook when absent.",
      ),
    watch: z
      .boolean()
      .default(false)
      .describe(
        "Whether changes in `folder` are taken up while the system runs: a folder's at once, a store's by looking.",
      ),
    watch_interval_seconds: z
      .number()
      .min(1)
      .max(86_400)
      .default(60)
      .describe("How often a watched folder or store is looked through, events or not."),
    language: z
      .string()
      .refine(
        (code) => languageTags.test(code),
        "Use one of: ar, da, de, en, es, fi, fr, hu, it, nb, nl, pt, ro, ru, sv, tr.",
      )
      .optional()
      .describe("What documents are written in, as `de`; when absent, each document tells by its function words."),
    s3: z
      .strictObject({
        access_key_id: z.string().optional().describe("AWS_ACCESS_KEY_ID when absent; without any, as anyone may."),
        secret_access_key: z.string().optional().describe("AWS_SECRET_ACCESS_KEY when absent."),
        session_token: z.string().optional().describe("AWS_SESSION_TOKEN when absent."),
        region: z.string().optional().describe("AWS_REGION when absent, else us-east-1."),
        endpoint: z.url().optional().describe("Of a server that speaks S3; AWS_ENDPOINT_URL_S3 when absent."),
      })
      .prefault({})
      .describe("How s3://BUCKET/PREFIX is read."),
    azure_blob: z
      .strictObject({
        account: z.string().optional().describe("AZURE_STORAGE_ACCOUNT when absent."),
        account_key: z.string().optional().describe("AZURE_STORAGE_KEY when absent."),
        sas_token: z.string().optional().describe("AZURE_STORAGE_SAS_TOKEN when absent."),
        access_token: z
          .string()
          .optional()
          .describe("Entra token for https://storage.azure.com; AZURE_STORAGE_ACCESS_TOKEN when absent."),
        auth: z
          .looseObject({ type: z.string() })
          .optional()
          .describe("An Entra identity instead of a key, as `auth` of an Azure OpenAI model; its tokens are renewed."),
        connection_string: z.string().optional().describe("AZURE_STORAGE_CONNECTION_STRING when absent."),
        endpoint: z
          .url()
          .optional()
          .describe("Of the blob service; https://ACCOUNT.blob.core.windows.net when absent."),
      })
      .prefault({})
      .describe("How az://CONTAINER/PREFIX and https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX are read."),
    index: z.string().min(1).default("documents").describe("Name of the index that the chat flow searches."),
    groups: z
      .array(z.string().min(1))
      .default([])
      .describe("Groups of the person at the page, as access rules of documents name them; what has none is for all."),
  })
  .prefault({});
