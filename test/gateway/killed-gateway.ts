// A gateway in a process of its own, for a test that ends it with kill -9: the model's address and a folder are its arguments.

import { serve } from "./served.ts";

const [baseUrl = "", folder = ""] = process.argv.slice(2);
const models = [{ provider: "openai", base_url: `${baseUrl}/v1`, model: "m" }];
// Nothing is tidied up: it does not come to that.
const { url } = await serve({ after: () => {} }, { models, folder });
process.stdout.write(url);
