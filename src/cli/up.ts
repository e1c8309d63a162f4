import { existsSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { type App, openApp } from "../app.ts";
import { FlowsteadError } from "../base/error/error.ts";
import { createLog } from "../base/log.ts";
import { version } from "../base/version.ts";
import type { IngestReport } from "../search/ingest/report.ts";
import { makeStateFolder } from "../store/state-folder.ts";
import type { LoadedConfig } from "../config/load.ts";
import { locateFlow } from "../flow/locate.ts";
import { isLoopback } from "../network/address.ts";
import { openInBrowser } from "./browser-open.ts";
import type { Console } from "./console.ts";
import { type HomeOptions, commandName, configOf, portNumber, withHome } from "./option.ts";
import { addedLine } from "./index/report.ts";
import { exitCodeOf } from "./interrupt.ts";

interface UpOptions extends HomeOptions {
  port?: number;
  host?: string;
  /** Deployed in place of the configured flow. */
  flow?: string;
  /** Opens the page in the browser. */
  open?: boolean;
  json?: boolean;
}

const GRACE_MS = 5_000;

export function upCommand(console: Console): Command {
  return withHome(new Command("up"))
    .option("-p, --port <number>", "port of the page (default: 8080, or the next free one)", portNumber)
    .option("--host <address>", "address to listen on; loopback only")
    .option("--flow <folder>", "flow to deploy, in place of the configuration's endpoint.flow")
    .option("--open", "open the page in the browser")
    .option("--json", "print the addresses as JSON")
    .action((options: UpOptions) => up(options, console));
}

export async function up(options: UpOptions, console: Console): Promise<void> {
  const loaded = withFlow(configOf(options, { port: options.port, host: options.host }), options.flow);
  try {
    await start(loaded, options, console);
  } catch (thrown) {
    throw loaded.placed(thrown);
  }
}

async function start(loaded: LoadedConfig, options: UpOptions, console: Console): Promise<void> {
  const startedAt = Date.now();
  const { config } = loaded;
  // Before the log, which would make it readable by everybody.
  await makeStateFolder(config.home);
  const log = createLog({ level: config.log.level, file: path.join(config.home, "logs", "flowstead.log") });
  console.say(`Flowstead ${version()}`);

  let app: App | undefined;
  let stopping: Promise<void> | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    // A second signal is from somebody who does not want to wait.
    if (stopping || !app) process.exit(exitCodeOf(signal));
    console.say(`\n${signal === "SIGINT" ? "Stopping" : signal}: letting answers end ...`);
    stopping = app.close(GRACE_MS).then(
      () => process.exit(0),
      (thrown: unknown) => {
        log.error({ err: thrown }, "stopping failed");
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(signal));
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught");
    console.say(`Error: ${error.message}. See ${path.join(config.home, "logs", "flowstead.log")}.`);
    process.exit(1);
  });

  refuseEarly(loaded.config);
  app = await openApp(loaded, log, {
    onIndexing: (progress) => console.bar("Indexing documents", { ...progress, current: path.basename(progress.file) }),
    onIndexed: (report) => sayIndexed(report, console),
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.say(
    `Model: ${app.model.id}${app.model.isLanguageModel ? "" : " (built in; not a language model: see the page for how to configure one)"}`,
  );
  for (const { name, reason } of app.degraded()) console.say(`Warning: ${name}: ${reason}`);
  const score = `${app.url}/endpoints/${app.endpoint.name}/score`;
  console.say(`Endpoint: ${score} (key: ${commandName()} online-endpoint get-credentials -n ${app.endpoint.name})`);
  console.say(`Ready in ${seconds} s. Ctrl-C stops it.`);
  console.print(options.json ? JSON.stringify({ url: app.url, score }) : `\n  ${app.url}\n`);
  if (options.open) openInBrowser(app.url);
}

/** What would else be found only after the first documents were indexed. */
function refuseEarly({ host, home, endpoint: { flow } }: LoadedConfig["config"]): void {
  if (!isLoopback(host))
    throw new FlowsteadError(
      "InvalidConfig",
      `host: only loopback is listened on, not ${host}: the page has no sign-in, so whoever reached it would be its user. Use 127.0.0.1 and put a reverse proxy with TLS and sign-in in front.`,
    );
  if (flow === undefined || existsSync(path.join(home, "flowstead.db"))) return;
  try {
    locateFlow(flow);
  } catch (thrown) {
    throw new FlowsteadError("InvalidConfig", `endpoint.flow: ${(thrown as Error).message}`, { cause: thrown });
  }
}

function withFlow(loaded: LoadedConfig, flow: string | undefined): LoadedConfig {
  if (flow === undefined) return loaded;
  const { config } = loaded;
  return { ...loaded, config: { ...config, endpoint: { ...config.endpoint, flow: path.resolve(flow) } } };
}

function sayIndexed(report: IngestReport, console: Console): void {
  if (report.added + report.changed + report.removed + report.failed.length > 0) console.say(addedLine(report));
  for (const { file, reason } of report.failed) console.say(`  not indexed: ${file}: ${reason}`);
}
