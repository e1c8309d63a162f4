import { FlowsteadError } from "../base/error/error.ts";
import { createLog } from "../base/log.ts";
import { version } from "../base/version.ts";
import { flowServer, listen } from "../endpoint/flow-server.ts";
import { isLoopback } from "../network/address.ts";
import type { Console } from "./console.ts";
import { openFlowHere } from "./flow-open.ts";
import { withPlaces } from "./flow-place.ts";
import { readInputs } from "./flow-input.ts";
import { variables } from "./pair.ts";
import { type HomeOptions, configOf } from "./option.ts";

export interface FlowServeOptions extends HomeOptions {
  source: string;
  port: number;
  host: string;
  allowUnauthenticated?: boolean;
  environmentVariables?: string[] | true;
  init?: string[];
}

export async function flowServe(options: FlowServeOptions, console: Console): Promise<void> {
  if (!isLoopback(options.host) && !options.allowUnauthenticated) {
    throw new FlowsteadError(
      "InvalidConfig",
      `Refusing to listen on ${options.host}: a served flow has no authentication. Use 127.0.0.1 and put a reverse proxy in front; in a container whose port is published to nobody else, add --allow-unauthenticated.`,
    );
  }
  const { config, env } = configOf(options);
  const log = createLog({ level: config.log.level === "info" ? "warn" : config.log.level });
  const { flow, close } = await openFlowHere(
    options,
    {
      directory: options.source,
      environmentVariables: variables(options.environmentVariables),
      init: await readInputs(options.init ?? []),
      serving: true,
    },
    log,
  ).catch((thrown: unknown) => {
    throw withPlaces(thrown, options.source);
  });
  const server = flowServer(flow, {
    log,
    version: version(),
    includedFields: includedFields(env.PROMPTFLOW_RESPONSE_INCLUDED_FIELDS),
  });
  try {
    await listen(server, { host: options.host, port: options.port });
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  console.say(`Serving ${flow.signature.name}. Ctrl-C stops it.`);
  console.print(`http://${options.host}:${port}/score`);
  const stop = (): void => {
    server.close();
    server.closeIdleConnections();
    void close().then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function includedFields(text: string | undefined): string[] | undefined {
  if (!text) return undefined;
  try {
    const fields = JSON.parse(text) as unknown;
    if (Array.isArray(fields)) return fields.map(String);
  } catch {
    // Reported below.
  }
  throw new FlowsteadError(
    "InvalidConfig",
    'PROMPTFLOW_RESPONSE_INCLUDED_FIELDS must be a JSON list of output names, such as ["answer"].',
  );
}
