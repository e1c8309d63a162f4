import { Command } from "commander";
import { z } from "zod";
import { plain } from "../base/json.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, configOf, withHome } from "./option.ts";
import { withRunning } from "./running.ts";

const zoneList = z.object({
  zones: z.array(
    z.object({ zone: z.string(), up: z.boolean(), instances: z.object({ ready: z.number(), all: z.number() }) }),
  ),
});

export function zoneCommand(console: Console): Command {
  const command = new Command("zone").description("zones of the running system, for drills");
  withHome(command.command("list"))
    .description("list the zones and the instances in them")
    .action((options: HomeOptions) => ask(console, options));
  withHome(command.command("down <zone>"))
    .description("lose a zone: its instances end at once, the other zones take over")
    .action((zone: string, options: HomeOptions) => ask(console, options, { zone, up: false }));
  withHome(command.command("up <zone>"))
    .description("bring a zone back: instances start there and leave the other zones")
    .action((zone: string, options: HomeOptions) => ask(console, options, { zone, up: true }));
  return command;
}

async function ask(console: Console, options: HomeOptions, change?: { zone: string; up: boolean }): Promise<void> {
  const { config } = configOf(options);
  const answer = await withRunning(config.home, (control) =>
    change
      ? control.json(`/zones/${encodeURIComponent(change.zone)}`, { up: change.up })
      : control.json("/zones", undefined),
  );
  for (const { zone, up, instances } of zoneList.parse(plain(answer)).zones) {
    console.print(`${zone}\t${up ? "up" : "down"}\t${instances.ready} of ${instances.all} instances ready`);
  }
}
