import { Command, Option } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Value } from "../../base/value.ts";
import { deploymentToArm } from "../../endpoint/control/arm-deployment.ts";
import type { DeploymentSpec } from "../../endpoint/specification/deployment-spec.ts";
import type { Console } from "../console.ts";
import { bodyOf as endpointBody, placeOf as endpointPlace, withCloudFlags } from "./resource.ts";
import { type OnlineClient, withOnline } from "./client.ts";
import { changed, deploymentKeysOf, endpointKeysOf, readFileSpec, settings, shownDeployment } from "./spec.ts";
import { type HomeOptions, withAccepted, withHome, withYes } from "../option.ts";
import { type OutputOptions, printResult, withOutput } from "../output.ts";

interface NameOptions extends HomeOptions, OutputOptions {
  name: string;
  endpointName: string;
  wait: boolean;
}

interface ChangeOptions extends HomeOptions, OutputOptions {
  file?: string;
  name?: string;
  endpointName?: string;
  set?: string[];
  allTraffic?: boolean;
  wait: boolean;
}

interface LogOptions extends NameOptions {
  lines: number;
  container: "inference-server" | "storage-initializer";
}

export function deploymentCommand(console: Console): Command {
  const command = new Command("online-deployment");
  const sub = (name: string, description: string): Command =>
    withCloudFlags(withOutput(withHome(command.command(name).description(description))));
  const named = (name: string, description: string): Command =>
    withEndpoint(sub(name, description).requiredOption("-n, --name <name>", "name of the deployment"), true);

  withChange(sub("create", "create a deployment from a file, and wait until it can answer"))
    .option("--all-traffic", "give it all traffic once it can answer")
    .action((options: ChangeOptions) => change(console, options));
  withChange(sub("update", "change a deployment; its instances are replaced without a call lost")).action(
    (options: ChangeOptions) => change(console, options),
  );
  named("show", "print a deployment").action((options: NameOptions) =>
    withOnline(options, async (client) => {
      const found = await client.send("GET", placeOf(options.endpointName, options.name));
      printResult(console, shownDeployment(options.endpointName, found), options);
    }),
  );
  withEndpoint(sub("list", "print the deployments of an endpoint"), true).action((options: NameOptions) =>
    withOnline(options, async (client) => {
      const all = await client.list(`${endpointPlace(options.endpointName)}/deployments`);
      printResult(
        console,
        all.map((one) => shownDeployment(options.endpointName, one)),
        options,
      );
    }),
  );
  withYes(named("delete", "delete a deployment that has no traffic"), "do not ask")
    .option("--no-wait", "do not wait until calls in work have ended")
    .action((options: NameOptions) =>
      withOnline(options, (client) => client.finish("DELETE", placeOf(options.endpointName, options.name))),
    );
  named("get-logs", "print what instances said and what became of them")
    .option("-l, --lines <number>", "lines at most", Number, 5_000)
    .addOption(
      new Option("-c, --container <name>", "whose log")
        .choices(["inference-server", "storage-initializer"])
        .default("inference-server"),
    )
    .action((options: LogOptions) => withOnline(options, (client) => printLogs(console, client, options)));
  return command;
}

function placeOf(endpoint: string, deployment: string): string {
  return `${endpointPlace(endpoint)}/deployments/${encodeURIComponent(deployment)}`;
}

function withEndpoint(command: Command, isNeeded: boolean): Command {
  // The original takes three words for it.
  const option = new Option("-e, --endpoint-name <name>", "name of the endpoint");
  const short = new Option("--endpoint <name>", "the same").hideHelp();
  command.addOption(option).addOption(short);
  return command.hook("preAction", (_command, action) => {
    const { endpoint, endpointName } = action.opts<{ endpoint?: string; endpointName?: string }>();
    if (endpoint !== undefined) action.setOptionValue("endpointName", endpoint);
    if (isNeeded && endpoint === undefined && endpointName === undefined) {
      throw new FlowsteadError("UsageError", "Say whose deployment: --endpoint-name NAME.");
    }
  });
}

function withChange(command: Command): Command {
  const accepted = ["--package-model", "--local-enable-gpu [yes]", "--vscode-debug [yes]"];
  return withEndpoint(
    withAccepted(command, ...accepted)
      .option("-f, --file <file>", "YAML file of the deployment")
      .option("-n, --name <name>", "name of the deployment, in place of the file's")
      .option("--set <key=value...>", "any key of the file, such as instance_count=2")
      .option("--skip-script-validation", "accepted for scripts")
      .option("--no-wait", "do not wait until all instances are ready"),
    false,
  );
}

async function change(console: Console, options: ChangeOptions): Promise<void> {
  const overrides: Record<string, Value> = settings(options.set);
  if (options.name !== undefined) overrides["name"] = options.name;
  if (options.endpointName !== undefined) overrides["endpoint_name"] = options.endpointName;
  await withOnline(options, async (client) => {
    const spec = await specOf(client, { options, overrides, console });
    const place = placeOf(spec.endpointName, spec.name);
    const body = deploymentToArm({ spec, createdAt: 0, updatedAt: 0, state: "Creating" }, { workspace: "", host: "" });
    if (!client.running) console.say("No system runs: the deployment is kept, and starts with the next flowstead up.");
    if (options.wait) await client.finish("PUT", place, body);
    else await client.send("PUT", place, body);
    if (options.allTraffic) await giveAllTraffic(client, spec);
    printResult(console, shownDeployment(spec.endpointName, await client.send("GET", place)), options);
  });
}

interface SpecRequest {
  options: ChangeOptions;
  overrides: Record<string, Value>;
  console: Console;
}

async function specOf(client: OnlineClient, { options, overrides, console }: SpecRequest): Promise<DeploymentSpec> {
  const { file, name, endpointName } = options;
  if (file !== undefined) return readFileSpec("deployment", file, { overrides, console });
  if (name === undefined || endpointName === undefined) {
    throw new FlowsteadError(
      "UsageError",
      "Say which deployment: --file FILE, or --name NAME and --endpoint-name NAME.",
    );
  }
  const found = await client.send("GET", placeOf(endpointName, name));
  return changed("deployment", deploymentKeysOf(endpointName, found), overrides);
}

async function giveAllTraffic(client: OnlineClient, { endpointName, name }: DeploymentSpec): Promise<void> {
  const found = await client.send("GET", endpointPlace(endpointName));
  const spec = changed("endpoint", endpointKeysOf(found), { traffic: { [name]: 100 } });
  await client.finish("PUT", endpointPlace(endpointName), endpointBody(spec));
}

async function printLogs(console: Console, client: OnlineClient, options: LogOptions): Promise<void> {
  const { content } = await client.send("POST", `${placeOf(options.endpointName, options.name)}/getLogs`, {
    containerType: options.container === "storage-initializer" ? "StorageInitializer" : "InferenceServer",
    tail: options.lines,
  });
  console.print(String(content).trimEnd());
}
