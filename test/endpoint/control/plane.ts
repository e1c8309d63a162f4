// The control plane over a real store and the keys' real gate; what runs instances only notes what it is asked. And the client
// of the original that drives it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import fastify from "fastify";
import { FlowsteadError } from "../../../src/base/error/error.ts";
import { SILENT } from "../../../src/base/log.ts";
import { openDesiredStore } from "../../../src/endpoint/control/desired-store.ts";
import { openFlowSnapshots } from "../../../src/endpoint/control/flow-snapshot.ts";
import { openGates } from "../../../src/endpoint/control/gate.ts";
import { openOnlineControl } from "../../../src/endpoint/control/online-control.ts";
import { openJournal } from "../../../src/endpoint/log/journal.ts";
import type { DeploymentSpec } from "../../../src/endpoint/specification/deployment-spec.ts";
import type { EndpointSpec } from "../../../src/endpoint/specification/endpoint-spec.ts";
import { managementRoutes } from "../../../src/entry/route/management.ts";
import { managementUrl } from "../../../src/entry/route/management-name.ts";
import { openRecordStore } from "../../../src/store/provider/index.ts";

export const TOKEN = "the-token-of-the-owner-of-this-system";
export const KEY = Buffer.alloc(32, 7);

/** A deployment named `broken` never comes up. */
export async function openControlPlane() {
  const folder = mkdtempSync(path.join(tmpdir(), "management-"));
  const applied: { endpoint: EndpointSpec; deployments: readonly DeploymentSpec[] }[] = [];
  const removed: string[] = [];
  const fleet = {
    apply: (endpoint: EndpointSpec, deployments: readonly DeploymentSpec[]) => {
      applied.push({ endpoint, deployments });
    },
    settled: async (_endpoint: string, deployment: string) => {
      if (deployment === "broken") throw new FlowsteadError("InstanceUnavailable", "the flow cannot be loaded");
    },
    remove: async (endpoint: string) => {
      removed.push(endpoint);
    },
  };

  const store = await openRecordStore({ file: path.join(folder, "flowstead.db") });
  const desired = await openDesiredStore(store, KEY);
  const gates = openGates();
  const journal = openJournal({ folder: path.join(folder, "logs"), redact: (text) => text });
  const snapshots = openFlowSnapshots({ folder: path.join(folder, "flows"), log: SILENT });
  const control = openOnlineControl({
    desired,
    snapshots,
    fleet,
    onEndpoint: (endpoint) => gates.set(endpoint),
    log: SILENT,
  });
  const app = fastify({ rewriteUrl: ({ url = "/" }) => managementUrl(url) });
  await managementRoutes(app, { control, journal, token: TOKEN });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    store,
    desired,
    gates,
    journal,
    snapshots,
    fleet,
    control,
    /** What was asked of the machinery below, in the order it was asked. */
    applied,
    removed,
    async close() {
      await app.close();
      control.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** With the owner's token, which the client itself sends over TLS only: a loopback address has none. */
export function officialClient(url: string): AzureMachineLearningWorkspaces {
  const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const client = new AzureMachineLearningWorkspaces(credential, "sub", {
    endpoint: url,
    allowInsecureConnection: true,
  });
  client.pipeline.removePolicy({ name: "bearerTokenAuthenticationPolicy" });
  client.pipeline.addPolicy({
    name: "owner",
    sendRequest: (request, next) => {
      request.headers.set("authorization", `Bearer ${TOKEN}`);
      return next(request);
    },
  });
  return client;
}

export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of pages) found.push(item);
  return found;
}
