// Writes the documents that are derived from code. A test proves that they are current.

import { writeFileSync } from "node:fs";
import { errorReference } from "../src/base/error/reference.ts";
import { configReference } from "../src/config/reference.ts";

writeFileSync("docs/configuration.md", configReference());
writeFileSync("docs/errors.md", errorReference());
