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

interface ZoneOptions extends HomeOptions {
  json?: boolean;
}

export function zoneCommand(console: Console): Command {
  const command = new Command("zone");
  const sub = (name: string): Command => withHome(command.command(name)).option("--json", "print JSON");
  sub("list")
    .description("list the zones and the instances in them")
    .action((options: ZoneOptions) => ask(console, options));
  sub("down <zone>")
    .description("lose a zone: its instances end at once, the other zones take over")
    .action((zone: string, options: ZoneOptions) => ask(console, options, { zone, up: false }));
  sub("up <zone>")
    .description("bring a zone back: instances start there and leave the other zones")
    .action((zone: string, options: ZoneOptions) => ask(console, options, { zone, up: true }));
  return command;
}

async function ask(console: Console, options: ZoneOptions, change?: { zone: string; up: boolean }): Promise<void> {
  const { config } = configOf(options);
  const answer = await withRunning(config.home, (control) =>
    change
      ? control.json(`/zones/${encodeURIComponent(change.zone)}`, { up: change.up })
      : control.json("/zones", undefined),
  );
  const { zones } = zoneList.parse(plain(answer));
  if (options.json) return console.print(JSON.stringify(zones, null, 2));
  for (const { zone, up, instances } of zones) {
    console.print(`${zone}\t${up ? "up" : "down"}\t${instances.ready} of ${instances.all} instances ready`);
  }
}
