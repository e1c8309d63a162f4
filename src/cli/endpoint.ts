import { Command, Option } from "commander";
import { keyFolder } from "../config/folder.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { readKeys } from "../endpoint/key.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, configOf, withHome } from "./option.ts";

interface CredentialOptions extends HomeOptions {
  name: string;
  output?: string;
}

export function endpointCommand(console: Console): Command {
  const endpoint = new Command("online-endpoint").description("online endpoints");
  withHome(endpoint.command("get-credentials"))
    .description("print the keys of an endpoint")
    .requiredOption("-n, --name <name>", "name of the endpoint")
    .addOption(new Option("-o, --output <format>", "how to print them").choices(["json", "tsv"]).default("json"))
    .action(async (options: CredentialOptions) => {
      const { config } = configOf(options);
      if (options.name !== config.endpoint.name) {
        throw new FlowsteadError(
          "NotFound",
          `There is no endpoint "${options.name}". There is: ${config.endpoint.name}.`,
        );
      }
      const keys = await readKeys(keyFolder(config), options.name);
      console.print(
        options.output === "tsv" ? `${keys.primaryKey}\t${keys.secondaryKey}` : JSON.stringify(keys, null, 2),
      );
    });
  return endpoint;
}
