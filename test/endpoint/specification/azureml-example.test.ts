// The original's own examples, when a checkout of Azure/azureml-examples is named by FLOWSTEAD_AZUREML_EXAMPLES: each file is
// read, and each of its keys has a verdict. Files that are templates for `sed` are no YAML, and are told so with their line.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { findingLine } from "../../../src/endpoint/specification/finding.ts";
import { readSpecificationFile } from "../../../src/endpoint/specification/read-specification.ts";

const examples = process.env["FLOWSTEAD_AZUREML_EXAMPLES"];
const skip = examples === undefined && "FLOWSTEAD_AZUREML_EXAMPLES names no checkout of Azure/azureml-examples";
const IS_ONLINE = /Online(Endpoint|Deployment)\.schema|^endpoint_name:|^auth_mode:/m;

test("every endpoint and deployment of Azure/azureml-examples is read, line by line", { skip }, (context) => {
  const folder = path.join(examples ?? "", "cli");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => path.join(folder, name))
    .filter((file) => IS_ONLINE.test(readFileSync(file, "utf8")));
  const read = { endpoint: 0, deployment: 0, template: 0 };
  for (const file of files) {
    const document = parseDocument(readFileSync(file, "utf8"), { logLevel: "silent" });
    if (document.errors.length > 0) {
      read.template++;
      assert.throws(
        () => readSpecificationFile(file),
        (thrown: unknown) => thrown instanceof FlowsteadError && /:\d+:\d+: /.test(thrown.message),
      );
      continue;
    }
    const { type, findings } = readSpecificationFile(file);
    read[type]++;
    // Every key at the top has a verdict of its own or below it.
    for (const key of Object.keys((document.toJS() ?? {}) as object)) {
      const own = findings.filter((finding) => finding.key === key || finding.key.startsWith(`${key}.`));
      assert.ok(own.length > 0, `${file}: nothing is said of ${key}`);
    }
    for (const finding of findings) {
      assert.match(findingLine(finding), /:\d+: [^:]+: (used$|(assumed|ignored|refused) because .)/);
    }
  }
  context.diagnostic(`${read.endpoint} endpoints, ${read.deployment} deployments; ${read.template} are templates`);
  assert.ok(read.endpoint + read.deployment >= 94);
});
