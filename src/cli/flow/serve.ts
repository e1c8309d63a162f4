import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { openCertificate } from "../../app/certificate.ts";
import { createLog } from "../../base/log.ts";
import { version } from "../../base/version.ts";
import { flowServer, listen } from "../../endpoint/flow-server.ts";
import { secureServer } from "../../entry/secure-server.ts";
import { servingEnvironment } from "../../endpoint/serving-environment.ts";
import { staticPages } from "../../endpoint/static-page.ts";
import { recordFeedback, tracedTarget } from "../../flow/traced.ts";
import { isLoopback } from "../../network/address.ts";
import { closing } from "../../network/closing.ts";
import { telemetrySettings } from "../../trace/settings.ts";
import { openTelemetry } from "../../trace/telemetry.ts";
import type { Console } from "../console.ts";
import { openFlowHere } from "./open.ts";
import { withPlaces } from "./place.ts";
import { folderOfFlow } from "./record.ts";
import { readInputs } from "./input.ts";
import { variables } from "../pair.ts";
import { type HomeOptions, ownConfigOf } from "../option.ts";

export interface FlowServeOptions extends HomeOptions {
  source: string;
  port: number;
  host: string;
  allowUnauthenticated?: boolean;
  environmentVariables?: string[] | true;
  init?: string[];
  static_folder?: string;
  json?: boolean;
}

export async function flowServe(options: FlowServeOptions, console: Console): Promise<void> {
  if (!isLoopback(options.host) && !options.allowUnauthenticated) {
    throw new FlowsteadError(
      "InvalidConfig",
      `Refusing to listen on ${options.host}: a served flow has no authentication. Use 127.0.0.1 and put a reverse proxy in front; in a container whose port is published to nobody else, add --allow-unauthenticated.`,
    );
  }
  const { config, env } = ownConfigOf(options);
  const log = createLog({ level: config.log.level === "info" ? "warn" : config.log.level });
  const serving = servingEnvironment(env);
  for (const line of serving.unheeded) console.say(`Warning: ${line}`);
  const settings = telemetrySettings(config.telemetry, env, serving.dimensions);
  const telemetry = settings && openTelemetry(settings, log);
  const { flow, close } = await openFlowHere(
    options,
    {
      directory: options.source,
      environmentVariables: variables(options.environmentVariables),
      init: options.init ? await readInputs(options.init) : serving.init,
      serving: true,
    },
    log,
  ).catch((thrown: unknown) => {
    throw withPlaces(thrown, options.source);
  });
  const plain = flowServer(tracedTarget(flow, telemetry), {
    log,
    version: version(),
    includedFields: serving.includedFields,
    build: serving.build,
    // With `additional_includes` the flow runs from a folder that was made for it, whose name is nobody's.
    name: path.parse(path.resolve(folderOfFlow(options.source))).name,
    sample: readSample(flow.directory),
    pages: staticPages(options.static_folder),
    cors: true,
    meter: telemetry?.meter,
    ...(telemetry ? { feedback: recordFeedback.bind(undefined, telemetry) } : {}),
  });
  const certificate = await openCertificate(config, log).catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });
  const secure =
    certificate && secureServer(certificate, {}, (request, response) => plain.emit("request", request, response));
  const server = secure?.server ?? plain;
  try {
    await listen(server, { host: options.host, port: options.port });
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  console.say(`Serving ${flow.signature.name}. Ctrl-C stops it.`);
  const url = `${secure ? "https" : "http"}://${options.host}:${port}/score`;
  console.print(options.json ? JSON.stringify({ url }) : url);
  const stop = (): void => {
    const answered = closing(server);
    certificate?.close();
    void close()
      .then(() => telemetry?.close())
      .then(answered)
      .then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

/** The first of the flow's own examples, as `/swagger.json` shows it. */
function readSample(folder: string): Record<string, unknown> | undefined {
  const file = path.join(folder, "samples.json");
  if (!existsSync(file)) return undefined;
  const samples = JSON.parse(readFileSync(file, "utf8")) as unknown;
  return Array.isArray(samples) ? (samples[0] as Record<string, unknown>) : undefined;
}
