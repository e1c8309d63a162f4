// Commands of the original that have nothing to do here. Scripts that call them go on where nothing is lost by it.

import { Command } from "commander";
import { FlowsteadError } from "../base/error/error.ts";
import { version } from "../base/version.ts";
import { isAlive } from "../store/alive.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, configOf, count, withAccepted, withHome, withYes } from "./option.ts";
import { type Announcement, readAnnouncement } from "./running.ts";

const NO_SERVICE = "No service is needed: commands work without one.";
const PAGE = 'The chat page and the endpoint are started with "flowstead up".';

/** The original's commands talk to a server in the background; ours read and write the state folder themselves. */
export function serviceCommand(console: Console): Command {
  const service = new Command("service");
  const sub = (name: string, description: string): Command =>
    withHome(service.command(name)).description(description).option("--json", "print JSON");
  const tell = (options: HomeOptions & { json?: boolean }, message: string): void => {
    const { pid, url } = running(options) ?? {};
    console.say(url === undefined ? message : `${NO_SERVICE} A system runs on ${url}.`);
    if (options.json) console.print(JSON.stringify({ pid: pid ?? null, url: url ?? null }));
  };
  withAccepted(sub("start", "says that none is needed"), "--force")
    .option("-p, --port <number>", "accepted for scripts", count)
    .action((options: HomeOptions) => tell(options, `${NO_SERVICE} ${PAGE}`));
  sub("stop", "says that there is none").action((options: HomeOptions) =>
    tell(options, 'There is no service to stop. Ctrl-C, or SIGTERM, ends "flowstead up".'),
  );
  sub("status", "prints the address of the system that runs on the state folder").action(
    (options: HomeOptions & { json?: boolean }) => {
      const { pid = null, url = null } = running(options) ?? {};
      // As in the original, that none runs is no failure.
      if (url === null) console.say(`No system runs on this state folder. ${PAGE}`);
      if (url !== null || options.json) console.print(JSON.stringify({ pid, url }, null, 2));
    },
  );
  return service;
}

export function traceCommand(console: Console): Command {
  const trace = new Command("trace");
  const command = withHome(trace.command("delete"))
    .description("says where traces are: a run's lie in its folder")
    .option("--run <name>", "the run whose traces are meant")
    .option("--collection <name>", "accepted for scripts")
    .option("--json", "print how many were deleted as JSON")
    .action((options: { run?: string; collection?: string; json?: boolean }) => {
      if (options.run === undefined && options.collection === undefined)
        throw new FlowsteadError("UsageError", "Say whose traces: --run or --collection.");
      console.say(`Deleted 0 traces: ${NO_TRACES}`);
      if (options.json) console.print(JSON.stringify({ deleted: 0 }));
    });
  withYes(withAccepted(command, "--started-before <time>"), "without asking");
  return trace;
}

const NO_TRACES =
  "there is no store of them. Those of a run lie in its folder and go with `flowstead run delete`; those of a served flow are kept by the collector that telemetry sends them to.";

export function upgradeCommand(console: Console): Command {
  return withYes(withHome(new Command("upgrade")), "without asking")
    .option("--json", "print the version as JSON")
    .action((options: { json?: boolean }) => {
      console.say(`This is ${version()}, and it stays: "npm install --global flowstead@latest" installs the newest.`);
      if (options.json) console.print(JSON.stringify({ version: version() }));
    });
}

/** The original's `pf version`, whose scripts read JSON; `--version` says the same to people. */
export function versionCommand(console: Console): Command {
  return new Command("version")
    .option("--json", "accepted for scripts; it is JSON in any case")
    .action(() => console.print(JSON.stringify({ flowstead: version() }, null, 2)));
}

/** What takes the place of the original's second program, whose runs and flows lie in a workspace of Azure. */
const FOR_AZURE: Readonly<Record<string, string>> = {
  "run cancel": "Ctrl-C ends a run where it goes on, and `flowstead run create --resume-from` goes on with it",
  "run download": "a run's files lie in its folder, which `flowstead run show` names",
  "flow create": "`flowstead online-deployment create --file` serves a flow, as a deployment's YAML file says",
  "flow update": "`flowstead online-deployment update` changes what is served",
  "flow list": "`flowstead online-deployment list` shows the flows that are served",
  "flow show": "`flowstead online-deployment show` shows a flow that is served",
};

export function azureCommand(): Command {
  return new Command("pfazure")
    .argument("[word...]")
    .allowUnknownOption()
    .action((words: string[]) => {
      const [group = "run", action = ""] = words;
      const instead =
        FOR_AZURE[`${group} ${action}`] ?? `\`flowstead ${`${group} ${action}`.trim()}\` does the same on this machine`;
      throw new FlowsteadError("UsageError", `Nothing here runs in a workspace of Azure: ${instead}.`);
    });
}

function running(options: HomeOptions): Announcement | undefined {
  const found = readAnnouncement(configOf(options).config.home);
  return found && isAlive(found.pid) ? found : undefined;
}
