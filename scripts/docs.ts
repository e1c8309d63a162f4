// Writes the documents that are derived from code. A test proves that they are current.

import { writeFileSync } from "node:fs";
import { errorReference } from "../src/base/error/reference.ts";
import { configReference } from "../src/config/reference.ts";
import { proofPage } from "../test/mutation/proof.ts";
import { readTables } from "../test/mutation/table.ts";

writeFileSync("docs/configuration.md", configReference());
writeFileSync("docs/errors.md", errorReference());
writeFileSync("docs/proof.md", proofPage(readTables()));
