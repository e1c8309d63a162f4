import { Command, Option } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Value } from "../../base/value.ts";
import type { EndpointSpec } from "../../endpoint/specification/endpoint-spec.ts";
import type { Console } from "../console.ts";
import { type OnlineClient, withOnline } from "./client.ts";
import { bodyOf, credentials, placeOf, withCloudFlags } from "./resource.ts";
import { invokeCommand } from "./invoke.ts";
import { changed, endpointKeysOf, readFileSpec, settings, shares, shownEndpoint } from "./spec.ts";
import { type HomeOptions, withHome, withYes } from "../option.ts";
import { type OutputOptions, printResult, withOutput } from "../output.ts";

interface NameOptions extends HomeOptions, OutputOptions {
  name: string;
}

interface ChangeOptions extends HomeOptions, OutputOptions {
  file?: string;
  name?: string;
  authMode?: string;
  traffic?: string;
  mirrorTraffic?: string;
  set?: string[];
}

export function endpointCommand(console: Console): Command {
  const command = new Command("online-endpoint");
  const sub = (name: string, description: string): Command =>
    withCloudFlags(withOutput(withHome(command.command(name).description(description))));
  const named = (name: string, description: string): Command =>
    sub(name, description).requiredOption("-n, --name <name>", "name of the endpoint");

  withChange(sub("create", "create an endpoint from a file, or with defaults")).action((options: ChangeOptions) =>
    change(console, options),
  );
  withChange(sub("update", "change an endpoint: traffic, mirror traffic, or any key of its file")).action(
    (options: ChangeOptions) => change(console, options, true),
  );
  named("show", "print an endpoint").action((options: NameOptions) =>
    withOnline(options, async (client) => {
      printResult(console, shownEndpoint(await client.send("GET", placeOf(options.name))), options);
    }),
  );
  sub("list", "print all endpoints").action((options: NameOptions) =>
    withOnline(options, async (client) => {
      printResult(console, (await client.list("/onlineEndpoints")).map(shownEndpoint), options);
    }),
  );
  withYes(named("delete", "delete an endpoint with its deployments"), "do not ask")
    .option("--no-wait", "do not wait until calls in work have ended")
    .action((options: NameOptions) => withOnline(options, (client) => client.finish("DELETE", placeOf(options.name))));
  named("get-credentials", "print the keys of an endpoint, or a token where it takes tokens").action(
    (options: NameOptions) =>
      withOnline(options, async (client) => printResult(console, await credentials(client, options.name), options)),
  );
  withYes(named("regenerate-keys", "make one of the two keys anew; the other goes on working"), "do not ask")
    .addOption(new Option("--key-type <type>", "which").choices(["primary", "secondary"]).default("primary"))
    .option("--no-wait", "accepted for scripts; the new key works at once")
    .action((options: NameOptions & { keyType: string }) =>
      withOnline(options, (client) =>
        client.finish("POST", `${placeOf(options.name)}/regenerateKeys`, {
          keyType: options.keyType === "primary" ? "Primary" : "Secondary",
        }),
      ),
    );
  command.addCommand(invokeCommand(console));
  return command;
}

function withChange(command: Command): Command {
  return command
    .option("-f, --file <file>", "YAML file of the endpoint")
    .option("-n, --name <name>", "name of the endpoint, in place of the file's")
    .option("--auth-mode <mode>", "key, aml_token or aad_token")
    .option("--traffic <shares>", 'percent of the calls per deployment, such as "blue=90 green=10"')
    .option("--mirror-traffic <shares>", 'percent of the calls copied to a deployment, such as "green=10"')
    .option("--set <key=value...>", "any key of the file, such as tags.owner=me")
    .option("--no-wait", "accepted for scripts: an endpoint is there at once");
}

async function change(console: Console, options: ChangeOptions, isUpdate = false): Promise<void> {
  const overrides: Record<string, Value> = settings(options.set);
  if (options.name !== undefined) overrides["name"] = options.name;
  if (options.authMode !== undefined) overrides["auth_mode"] = options.authMode;
  if (options.traffic !== undefined) overrides["traffic"] = shares(options.traffic);
  if (options.mirrorTraffic !== undefined) overrides["mirror_traffic"] = shares(options.mirrorTraffic);
  if (options.file === undefined && options.name === undefined) {
    throw new FlowsteadError("UsageError", "Say which endpoint: --name NAME, or --file FILE.");
  }
  await withOnline(options, async (client) => {
    const spec = await specOf(client, { ...options, overrides, console, isUpdate });
    await client.finish("PUT", placeOf(spec.name), bodyOf(spec));
    printResult(console, shownEndpoint(await client.send("GET", placeOf(spec.name))), options);
  });
}

interface SpecRequest {
  file?: string;
  name?: string;
  overrides: Record<string, Value>;
  console: Console;
  isUpdate: boolean;
}

async function specOf(client: OnlineClient, request: SpecRequest): Promise<EndpointSpec> {
  const { file, name = "", overrides, console, isUpdate } = request;
  if (file === undefined && !isUpdate) return changed("endpoint", { name, auth_mode: "key" }, overrides);
  if (file === undefined)
    return changed("endpoint", endpointKeysOf(await client.send("GET", placeOf(name))), overrides);
  const spec = readFileSpec("endpoint", file, { overrides, console });
  const found = await client.send("GET", placeOf(spec.name)).catch((thrown: unknown) => {
    if (!isUpdate && FlowsteadError.from(thrown).code === "NotFound") return undefined;
    throw thrown;
  });
  if (!found) return spec;
  // A file that says nothing of traffic does not take it away: applying it again changes nothing.
  const old = changed("endpoint", endpointKeysOf(found), {});
  const keeps = (key: "traffic" | "mirrorTraffic"): boolean => Object.keys(spec[key]).length === 0;
  return {
    ...spec,
    traffic: keeps("traffic") ? old.traffic : spec.traffic,
    mirrorTraffic: keeps("mirrorTraffic") ? old.mirrorTraffic : spec.mirrorTraffic,
  };
}
