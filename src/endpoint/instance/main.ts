// The program of a child process that is one flow instance. Its settings come on standard input; it says `ready` or why not
// over the process channel, and ends with its parent.

import { createLog } from "../../base/log.ts";
import { FlowsteadError } from "../../base/error/error.ts";
import { parseJson, plain } from "../../base/json.ts";
import { openFlow } from "../../flow/flow-target.ts";
import type { Target } from "../../flow/target.ts";
import { closing } from "../../network/closing.ts";
import { BUILT_IN_TOOLS } from "../../tool/index.ts";
import { flowServer, listen } from "../flow-server.ts";
import { flowVariables } from "../serving-environment.ts";
import { remoteResources } from "../resource/client.ts";
import { type InstanceMessage, type InstanceSpec, instanceSpec } from "./spec.ts";

async function main(): Promise<void> {
  // First of all: a parent that dies while this starts must not leave it behind.
  process.on("disconnect", () => process.exit(0));
  const spec = instanceSpec.parse(plain(parseJson(await readInput())));
  process.title = `flowstead instance ${spec.name}`;
  const stop = await serve(spec);
  const end = (): void => {
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", end);
  // A terminal sends SIGINT to the whole group; the parent decides when its children end.
  process.on("SIGINT", () => {});
  tell({ type: "ready" });
}

async function serve(spec: InstanceSpec): Promise<() => Promise<void>> {
  const log = createLog({ level: spec.logLevel });
  // Scripts run in threads of this process, and open files as Python nodes do: beside the flow's own.
  process.chdir(spec.flow);
  const resources = remoteResources({ ...spec.resources, url: "http://resources" });
  const { init, includedFields } = flowVariables(spec.env);
  const flow = await openFlow({
    directory: spec.flow,
    ...(init ? { init } : {}),
    tools: BUILT_IN_TOOLS,
    resources,
    serving: true,
    python: { interpreter: spec.python, env: spec.env, keepEnvironment: true },
  });
  const server = flowServer(printing(flow), { log, version: spec.version, includedFields, internal: true });
  await listen(server, { socketPath: spec.socketPath });
  return async () => {
    const answered = closing(server);
    await flow.close();
    await resources.close();
    await answered();
  };
}

/** What nodes print goes on to this process's own output, tagged with the caller's request: from there the parent keeps it. */
function printing(flow: Target): Target {
  return {
    describe: (signal) => flow.describe(signal),
    async *invoke(call, signal) {
      for await (const event of flow.invoke(call, signal)) {
        if (event.type === "node-log") print(call.requestId ?? "-", event.node, event.text);
        yield event;
      }
    },
    close: () => flow.close(),
  };
}

function print(requestId: string, node: string, text: string): void {
  for (const line of text.split("\n")) if (line !== "") process.stdout.write(`[${requestId}] ${node}: ${line}\n`);
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function tell(message: InstanceMessage): void {
  process.send?.(message);
}

main().catch((thrown: unknown) => {
  const error = FlowsteadError.from(thrown);
  tell({ type: "failed", message: error.message });
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
  process.disconnect?.();
});
