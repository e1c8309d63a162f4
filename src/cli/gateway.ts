import { Command } from "commander";
import { keyFolder } from "../config/folder.ts";
import { gatewayKey } from "../gateway/key.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, configOf, withHome } from "./option.ts";

export function gatewayCommand(console: Console): Command {
  const gateway = new Command("gateway");
  withHome(gateway.command("get-credentials"))
    .description(
      "print the key of whoever runs this system; programs and teams get keys of their own in flowstead.yaml",
    )
    .option("--json", "print it as JSON")
    .action(async (options: HomeOptions & { json?: boolean }) => {
      const { config } = configOf(options);
      const key = await gatewayKey(keyFolder(config));
      console.print(options.json ? JSON.stringify({ key }) : key);
    });
  return gateway;
}
