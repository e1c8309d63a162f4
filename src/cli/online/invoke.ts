import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Console } from "../console.ts";
import { type OnlineClient, withOnline } from "./client.ts";
import { credentials, placeOf, withCloudFlags } from "./resource.ts";
import { type HomeOptions, withHome } from "../option.ts";

interface InvokeOptions extends HomeOptions {
  name: string;
  requestFile: string;
  deploymentName?: string;
  token?: string;
}

/** `online-endpoint invoke`: one call with the endpoint's own key, as a client would make it. */
export function invokeCommand(console: Console): Command {
  const command = withHome(new Command("invoke").description("call an endpoint with the content of a file"))
    .requiredOption("-n, --name <name>", "name of the endpoint")
    .requiredOption("-r, --request-file <file>", "JSON with the inputs of the flow")
    .option("--json", "accepted for scripts; what the endpoint answers is printed as it is")
    .option("--deployment-name <name>", "the deployment that is to answer, whatever the traffic")
    .option("--token <token>", "of an identity provider, for an endpoint that takes those")
    .addOption(new Option("--deployment <name>", "the same").hideHelp())
    .addOption(new Option("-o, --output <format>", "accepted for scripts, as --json").hideHelp())
    .hook("preAction", (_command, action) => {
      const { deployment } = action.opts<{ deployment?: string }>();
      if (deployment !== undefined) action.setOptionValue("deploymentName", deployment);
    });
  return withCloudFlags(command).action((options: InvokeOptions) =>
    withOnline(options, async (client) => console.print(await invoke(client, options))),
  );
}

async function invoke(
  client: OnlineClient,
  { name, requestFile, deploymentName, token }: InvokeOptions,
): Promise<string> {
  if (!client.running) {
    throw new FlowsteadError("InvalidRequest", 'No system runs that could answer. Start one with "flowstead up".');
  }
  const body = await readFile(requestFile, "utf8").catch((cause: Error) => {
    throw new FlowsteadError("UsageError", `Cannot read ${requestFile}: ${cause.message}`, { cause });
  });
  const found = await client.send("GET", placeOf(name));
  const { scoringUri } = found["properties"] as { scoringUri: string };
  const keys = token === undefined ? await credentials(client, name) : { accessToken: token };
  const { status, text } = await client.running.call({
    method: "POST",
    path: new URL(scoringUri).pathname,
    headers: {
      accept: "*/*",
      authorization: `Bearer ${String(keys["primaryKey"] ?? keys["accessToken"])}`,
      "content-type": "application/json",
      ...(deploymentName === undefined ? {} : { "azureml-model-deployment": deploymentName }),
    },
    body,
  });
  if (status < 400) return text;
  throw new FlowsteadError("InvalidRequest", `The endpoint answered ${status}: ${text}`, {
    status,
  });
}
