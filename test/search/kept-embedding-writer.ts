// Embeds the texts `text 0` ... in a process that a test kills: URL FOLDER COUNT.

import { SILENT } from "../../src/base/log.ts";
import { openEmbedder } from "../../src/model/provider/index.ts";
import { keptEmbedder } from "../../src/search/kept-embedding.ts";

const [url = "", folder = "", count = "0"] = process.argv.slice(2);
const bare = await openEmbedder({ provider: "openai", baseUrl: url, model: "e", dimensions: 8 });
const texts = Array.from({ length: Number(count) }, (_, at) => `text ${at}`);
await keptEmbedder(bare, { folder, log: SILENT }).embed(texts, "document", new AbortController().signal);
