// Which address a connection's model is called at.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionModel } from "../../src/model/provider/connection.ts";

test("a serverless endpoint's address has /v1 once, however it was copied", () => {
  const address = (base: string): unknown =>
    connectionModel({
      name: "serverless",
      type: "ServerlessConnection",
      configs: { api_base: base },
      secrets: { api_key: "k" },
    });
  for (const base of ["https://m.example", "https://m.example/", "https://m.example/v1", "https://m.example/v1/"]) {
    assert.equal((address(base) as { baseUrl: string }).baseUrl, "https://m.example/v1", base);
  }
});
