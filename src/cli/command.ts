// The commands by name. What each is about is known before it is loaded: help tells it of all, and loads none.

import type { Command } from "commander";
import type { Console } from "./console.ts";

type MakeCommand = (console: Console) => Command;

interface Entry {
  about: string;
  /** There for scripts of the original; help leaves it out. */
  isNeedless?: true;
  load: () => Promise<MakeCommand>;
}

// Loaded when asked for: most commands need little, and `up` needs everything.
const COMMANDS: Readonly<Record<string, Entry>> = {
  up: {
    about: "start everything: chat page, endpoint, models, search",
    load: async () => (await import("./up.ts")).upCommand,
  },
  index: {
    about: "documents that the chat answers from",
    load: async () => (await import("./index/command.ts")).indexCommand,
  },
  flow: {
    about: "make, test, serve and build a flow folder",
    load: async () => (await import("./flow/command.ts")).flowCommand,
  },
  run: {
    about: "run a flow over many rows of data, and look at such runs",
    load: async () => (await import("./run/command.ts")).runCommand,
  },
  "online-endpoint": {
    about: "online endpoints: names that calls go to",
    load: async () => (await import("./online/endpoint.ts")).endpointCommand,
  },
  "online-deployment": {
    about: "deployments of online endpoints: flows that answer",
    load: async () => (await import("./online/deployment.ts")).deploymentCommand,
  },
  config: {
    about: "settings with the original's names; all others stand in flowstead.yaml",
    load: async () => (await import("./config.ts")).configCommand,
  },
  connection: {
    about: "connections that flows name: addresses and keys",
    load: async () => (await import("./connection.ts")).connectionCommand,
  },
  zone: {
    about: "zones of the running system, for drills",
    load: async () => (await import("./zone.ts")).zoneCommand,
  },
  tool: {
    about: "tools that nodes of flows use",
    load: async () => (await import("./tool/command.ts")).toolCommand,
  },
  gateway: {
    about: "the model gateway for other programs",
    load: async () => (await import("./gateway.ts")).gatewayCommand,
  },
  usage: {
    about: "tokens and cost of model calls, summed up",
    load: async () => (await import("./usage.ts")).usageCommand,
  },
  dev: {
    about: "tools for developing flows and clients",
    load: async () => (await import("./dev.ts")).devCommand,
  },
  service: {
    about: "the original's service, which nothing here needs",
    isNeedless: true,
    load: async () => (await import("./needless.ts")).serviceCommand,
  },
  trace: {
    about: "the original's store of traces, which there is none of here",
    isNeedless: true,
    load: async () => (await import("./needless.ts")).traceCommand,
  },
  upgrade: {
    about: "says how to get a newer version",
    isNeedless: true,
    load: async () => (await import("./needless.ts")).upgradeCommand,
  },
  version: {
    about: "prints the version as JSON",
    isNeedless: true,
    load: async () => (await import("./needless.ts")).versionCommand,
  },
  pfazure: {
    about: "the original's program for Azure, in whose place others stand",
    isNeedless: true,
    load: async () => (await import("./needless.ts")).azureCommand,
  },
};

/** Adds all commands to the program, of which only those that are named are loaded; the others only say what they are about. */
export async function addCommands(program: Command, named: ReadonlySet<string>, console: Console): Promise<void> {
  for (const [name, { about, isNeedless, load }] of Object.entries(COMMANDS)) {
    const command = named.has(name) ? (await load())(console) : program.createCommand(name);
    program.addCommand(command.description(about), { hidden: isNeedless ?? false });
  }
}

export const commandNames: readonly string[] = Object.keys(COMMANDS);
