// Azure AI Search as a provider, against this program's own search service over HTTP.

import { after, before, describe } from "node:test";
import { ADMIN_KEY, type SearchService, startSearchService } from "../search-service.ts";
import { providerDocumentSuite } from "./catalog-of-provider.ts";
import { providerIndexSuite } from "./index-of-provider.ts";

describe("Azure AI Search as a provider", () => {
  let services: SearchService[];
  before(async () => {
    services = await Promise.all([startSearchService(), startSearchService()]);
  });
  after(() => Promise.all(services.map((one) => one.close())));

  const settings = (at: number) => () => ({
    provider: "azure-ai-search",
    url: services[at]!.url,
    api_key: ADMIN_KEY,
  });
  providerIndexSuite("azure-ai-search", settings(0));
  providerDocumentSuite("azure-ai-search", { title: "Azure AI Search", settings: settings(1) });
});
