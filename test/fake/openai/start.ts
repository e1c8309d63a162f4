import type { TestContext } from "node:test";
import { type FakeModelServer, startFakeModel } from "../../../src/model/fake/server.ts";
import type { FakeScript } from "../../../src/model/fake/script.ts";

/** A fake model server on a free port of 127.0.0.1 that lives as long as the test. */
export async function fakeModel(context: TestContext, script: FakeScript = {}): Promise<FakeModelServer> {
  const server = await startFakeModel({ script });
  context.after(() => server.close());
  return server;
}
