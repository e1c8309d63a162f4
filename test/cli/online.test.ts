// online-endpoint and online-deployment with the original's flags, where no system runs: the desired state that the next
// start brings up. A second command is a second process to the state, so what it shows is what was kept.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { endpointLogFolder } from "../../src/config/folder.ts";
import { openJournal } from "../../src/endpoint/log/journal.ts";
import type { CommandResult } from "../e2e/system.ts";
import { writeFolder } from "../flow/flow-folder.ts";
import { runHere } from "./in-process.ts";

const home = mkdtempSync(path.join(tmpdir(), "online-"));
after(() => rmSync(home, { recursive: true, force: true }));

const cli = (words: string): Promise<CommandResult> =>
  runHere([...(words.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', "")), "--home", home]);

/** What a command prints, as JSON; empty where it prints nothing. */
async function ok(words: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await cli(words);
  assert.equal(code, 0, `${words}: ${stderr}`);
  return stdout === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
}

const DEPLOYMENT = `$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: shop
model: {path: flow}
instance_type: Standard_E16s_v3
instance_count: 1
environment:
  image: registry.example/flow
  inference_config:
    liveness_route: {path: /alive, port: 9000}
    readiness_route: {path: /ready, port: 9000}
    scoring_route: {path: /ask, port: 9000}
properties: {flowstead.driver: container}
`;

test("an endpoint is created from a file or from flags, changed, listed and deleted", async (context) => {
  const folder = writeFolder(context, {
    "endpoint.yml": "name: shop\nauth_mode: key\ntags: {team: a}\n",
    "copies.yml": "name: shop\nmirror_traffic: {blue: 51}\n",
    "two.yml": "name: shop\nmirror_traffic: {blue: 10, green: 10}\n",
    "blue.yml": DEPLOYMENT,
  });
  const file = (name: string): string => path.join(folder, name);
  const made = await ok(`online-endpoint create -f ${file("endpoint.yml")} -g group -w space`);
  assert.deepEqual([made["name"], made["auth_mode"], made["tags"]], ["shop", "key", { team: "a" }]);
  assert.match(String(made["scoring_uri"]), /\/endpoints\/shop\/score$/);
  await ok("online-endpoint create -n tokens --auth-mode aml_token --set tags.owner=me description=d");
  const tokens = await ok("online-endpoint show -n tokens");
  assert.deepEqual([tokens["auth_mode"], tokens["tags"], tokens["description"]], ["aml_token", { owner: "me" }, "d"]);
  const rows = await cli("online-endpoint list -o table");
  assert.match(rows.stdout, /^name +auth_mode .*\n-.*\n(.*\n)*tokens +aml_token /, "addresses are no columns");
  assert.equal((await ok("online-endpoint get-credentials -n tokens"))["tokenType"], "Bearer");

  const before = await ok("online-endpoint get-credentials -n shop");
  await ok("online-endpoint regenerate-keys -n shop --key-type secondary --yes --no-wait");
  const between = await ok("online-endpoint get-credentials -n shop");
  assert.equal(between["primaryKey"], before["primaryKey"]);
  assert.notEqual(between["secondaryKey"], before["secondaryKey"]);
  await ok("online-endpoint regenerate-keys -n shop --yes");
  assert.notEqual((await ok("online-endpoint get-credentials -n shop"))["primaryKey"], before["primaryKey"]);

  const refusals: [string, RegExp][] = [
    [`online-endpoint create -f ${file("blue.yml")}`, /describes an online deployment, not an online endpoint/],
    [`online-endpoint update -n nobody --traffic blue=100`, /There is no endpoint "nobody"/],
    [`online-endpoint update -f ${file("endpoint.yml")} --name nobody`, /There is no endpoint "nobody"/],
    [`online-endpoint update -n shop --traffic blue=some`, /"blue=some" is not a deployment and its percentage/],
    [`online-endpoint update -n shop --traffic blue=100`, /no deployment "blue" to give traffic to/],
    [
      `online-endpoint update -f ${file("copies.yml")}`,
      /copies\.yml:2: mirror_traffic\.blue: .* 51 is not from 0 to 50/,
    ],
    [`online-endpoint update -f ${file("two.yml")}`, /two\.yml:2: mirror_traffic: .* only one deployment/],
    [`online-endpoint create -n ${"n".repeat(33)}`, /3 to 32 letters/],
    [`online-endpoint create`, /Say which endpoint/],
    [`online-endpoint invoke -n shop -r ${file("blue.yml")}`, /No system runs that could answer/],
  ];
  for (const [words, expected] of refusals) {
    const { code, stderr } = await cli(words);
    assert.equal(code, 1, words);
    assert.match(stderr, expected);
  }

  await ok(`online-deployment create -f ${file("blue.yml")} --skip-script-validation`);
  await ok(`online-deployment create -f ${file("blue.yml")} -n green --set instance_count=3`);
  await ok('online-endpoint update -n shop --traffic "blue=90 green=10" --mirror-traffic green=10');
  // A file that says nothing of traffic leaves it.
  const again = await ok(`online-endpoint update -f ${file("endpoint.yml")}`);
  assert.deepEqual([again["traffic"], again["mirror_traffic"]], [{ blue: 90, green: 10 }, { green: 10 }]);
  const stuck = await cli("online-deployment delete -n green -e shop --yes");
  assert.match(stuck.stderr, /still gets 10 % of the traffic/);

  const names = async (): Promise<Set<string>> =>
    new Set(Object.values(await ok("online-endpoint list")).map((one) => (one as { name: string }).name));
  assert.deepEqual(await names(), new Set(["chat", "shop", "tokens"]));
  await ok("online-endpoint delete -n shop --yes");
  assert.deepEqual(await names(), new Set(["chat", "tokens"]));
});

test("a deployment takes its place and values from the file and from flags, and keeps all that it was given", async (context) => {
  const folder = writeFolder(context, { "blue.yml": DEPLOYMENT, "endpoint.yml": "name: shop\nauth_mode: key\n" });
  await ok("online-endpoint create -n shop");
  await ok("online-endpoint create -n other");
  const file = path.join(folder, "blue.yml");
  const told = await cli(`online-deployment create -f ${file} --all-traffic --no-wait`);
  assert.match(told.stderr, /blue\.yml:5: instance_type: ignored because no machine is rented here/);
  assert.match(told.stderr, /No system runs: the deployment is kept/);
  const blue = await ok("online-deployment show -n blue --endpoint shop");
  assert.deepEqual(blue["environment"], {
    image: "registry.example/flow",
    inference_config: {
      liveness_route: { path: "/alive", port: 9000 },
      readiness_route: { path: "/ready", port: 9000 },
      scoring_route: { path: "/ask", port: 9000 },
    },
  });
  assert.deepEqual(blue["properties"], { "flowstead.driver": "container" });
  assert.deepEqual((await ok("online-endpoint show -n shop"))["traffic"], { blue: 100 });

  await ok(`online-deployment create -f ${file} --endpoint-name other --name red --local`);
  const updated = await ok(
    "online-deployment update -n red -e other --set instance_count=2 request_settings.request_timeout_ms=90000",
  );
  assert.deepEqual(
    [updated["instance_count"], (updated["request_settings"] as Record<string, unknown>)["request_timeout_ms"]],
    [2, 90_000],
  );
  const defaults = { initial_delay: 10, period: 10, timeout: 2, success_threshold: 1, failure_threshold: 30 };
  assert.deepEqual([updated["liveness_probe"], updated["readiness_probe"]], [defaults, defaults]);
  assert.deepEqual(blue["request_settings"], {
    request_timeout_ms: 5000,
    max_concurrent_requests_per_instance: 1,
    max_queue_wait_ms: 500,
  });
  const listed = async (): Promise<number> =>
    Object.keys(await ok("online-deployment list --endpoint-name other")).length;
  assert.equal(await listed(), 1);
  for (const [words, expected] of [
    [
      `online-deployment create -f ${path.join(folder, "endpoint.yml")}`,
      /an online endpoint, not an online deployment/,
    ],
    ["online-deployment show -n red -e shop", /has no deployment "red". It has: blue/],
    ["online-deployment update -n red", /Say which deployment/],
    ["online-deployment list", /Say whose deployment/],
  ] as const) {
    assert.match((await cli(words)).stderr, expected);
  }

  const journal = openJournal({ folder: endpointLogFolder({ home }), redact: (text) => text });
  const place = { endpoint: "other", deployment: "red" };
  journal.event(place, "red-1", { name: "Started", message: "it is there" });
  for (const number of [1, 2, 3]) journal.console(place, "red-1", `line ${number}`);
  await journal.flush();
  const logs = async (flags: string): Promise<string> =>
    (await cli(`online-deployment get-logs -n red -e other ${flags}`)).stdout;
  assert.match(await logs("-l 2"), /Name: Started[^]*line 2\n[^]*line 3/);
  assert.doesNotMatch(await logs("--lines 2"), /line 1/);
  assert.doesNotMatch(await logs("--container storage-initializer"), /line/);

  await ok("online-deployment delete -n red -e other --yes --no-wait");
  assert.equal(await listed(), 0);
});

test("what scripts of the original carry along is taken: places, --local, packages; a query is JMESPath", async (context) => {
  const folder = writeFolder(context, { "blue.yml": DEPLOYMENT.replaceAll("shop", "spare") });
  const file = path.join(folder, "blue.yml");
  for (const words of [
    "online-endpoint create --local true --name=spare --web",
    `online-deployment create --file ${file} --endpoint spare -g group -w space --package-model --local-enable-gpu true --vscode-debug`,
    'online-endpoint update --name=spare --traffic="blue=100" --local',
    "online-endpoint show --local -n spare",
    "online-deployment list -e spare --local false",
    "online-endpoint get-credentials -n spare --local",
  ]) {
    await ok(words);
  }
  assert.match((await cli("online-deployment get-logs --local -n blue --endpoint spare")).stdout, /Instance events/);
  for (const flag of ["--deployment blue", "--deployment-name blue -o json"]) {
    const { stderr } = await cli(`online-endpoint invoke --local -n spare ${flag} --request-file ${file}`);
    assert.match(stderr, /No system runs that could answer/);
  }
  const asked = async (query: string): Promise<string> =>
    (await cli(`online-endpoint list -o tsv --query "${query}"`)).stdout.trimEnd();
  assert.equal(await asked("[?name=='spare'].[name,traffic.blue]"), "spare\t100");
  assert.equal(await asked("[?name=='spare'].{Name:name} | [0].Name"), "spare");
  assert.match((await cli("online-endpoint list --query [0")).stderr, /--query "\[0" is no JMESPath that fits here: /);
  await ok("online-endpoint delete --local -n spare -y --no-wait");
});
