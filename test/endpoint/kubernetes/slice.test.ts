// The pods behind a service, out of its slices: what each condition means, and what becomes of slices that go.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openCluster } from "../../../src/endpoint/kubernetes/cluster.ts";
import { type Pod, watchPods } from "../../../src/endpoint/kubernetes/slice.ts";
import { fakeKubernetes } from "../../fake/kubernetes.ts";

const api = await fakeKubernetes("token");
const cluster = openCluster({ url: api.url, namespace: "flows", token: "token" });
const stop = new AbortController();
let pods: Pod[] = [];
let changes = 0;
const watching = watchPods({
  cluster,
  service: "chat-blue",
  signal: stop.signal,
  onPods: (found) => {
    pods = found;
    changes++;
  },
  onFailure: ({ message }) => assert.fail(message),
  backoffMs: 5,
});
after(async () => {
  stop.abort();
  await watching;
  await cluster.close();
  await api.close();
});

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isTrue(); await delay(5)) {
    if (Date.now() > deadline) assert.fail(`still not; the pods are ${JSON.stringify(pods)}`);
  }
}

const slice = (name: string, endpoints: object[], more: object = {}) => ({
  metadata: { name },
  addressType: "IPv4",
  ports: [
    { name: "metrics", port: 9 },
    { name: "http", port: 8080 },
  ],
  endpoints,
  ...more,
});
const endpoint = (name: string, conditions: object, address = "10.0.0.1"): object => ({
  addresses: [address],
  conditions,
  zone: "zone-a",
  targetRef: { name },
});

test("conditions, addresses and zones of the pods are the slices' own", async () => {
  await until(() => api.watches === 1);
  const endpoints = [
    endpoint("ready", { ready: true, serving: true, terminating: false }),
    endpoint("not-ready", { ready: false }),
    endpoint("unknown", {}),
    endpoint("leaving", { ready: true, serving: true, terminating: true }),
    { addresses: ["10.0.0.9"] },
    { addresses: [] },
  ];
  api.tellSlice("ADDED", slice("one", endpoints));
  await until(() => pods.length > 0);
  const rest = { address: "10.0.0.1:8080", zone: "zone-a" };
  assert.deepEqual(pods, [
    { name: "ready", ...rest, isReady: true, isLeaving: false },
    { name: "not-ready", ...rest, isReady: false, isLeaving: false },
    { name: "unknown", ...rest, isReady: true, isLeaving: false },
    { name: "leaving", ...rest, isReady: false, isLeaving: true },
    { name: "10.0.0.9", address: "10.0.0.9:8080", zone: "", isReady: true, isLeaving: false },
  ]);
});

test("slices add up; one that goes takes its pods along, and a bookmark changes nothing", async () => {
  const sixth = slice("six", [endpoint("six", { ready: true }, "fd00::6")], { addressType: "IPv6" });
  api.tellSlice("ADDED", sixth);
  await until(() => pods.length === 6);
  assert.equal(pods.at(-1)?.address, "[fd00::6]:8080");
  const before = changes;
  api.bookmark();
  api.tellSlice("MODIFIED", { ...sixth, endpoints: [endpoint("six", { ready: false }, "fd00::6")] });
  await until(() => pods.at(-1)?.isReady === false);
  assert.equal(pods.length, 6);
  assert.equal(changes, before + 1);
  api.tellSlice("DELETED", slice("one", [endpoint("ready", { ready: true })]));
  await until(() => pods.length === 1);
  assert.equal(pods[0]?.name, "six");
  api.tellSlice("MODIFIED", { ...sixth, ports: [] } as typeof sixth);
  await until(() => pods.length === 0);
});
