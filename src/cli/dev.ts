import { readFileSync } from "node:fs";
import { Command } from "commander";
import { z } from "zod";
import { FlowsteadError } from "../base/error/error.ts";
import { type FakeScript, scriptSchema } from "../model/fake/script.ts";
import { startFakeModel } from "../model/fake/server.ts";
import type { Console } from "./console.ts";
import { portNumber } from "./option.ts";

export function devCommand(console: Console): Command {
  const dev = new Command("dev");
  dev
    .command("fake-model")
    .description("a model server with scripted pace and faults, on OpenAI's and Azure OpenAI's paths")
    .option("-p, --port <number>", "port to listen on", portNumber, 8081)
    .option("--script <file>", "a JSON file: latency, tokens per second, replies, faults")
    .option("--json", "print its address as JSON")
    .action(async (options: { port: number; script?: string; json?: boolean }) => {
      const script = options.script === undefined ? {} : readScript(options.script);
      const server = await startFakeModel({ port: options.port, script }).catch((cause: Error) => {
        throw new FlowsteadError("PortInUse", `Cannot listen on 127.0.0.1:${options.port}: ${cause.message}`, {
          cause,
        });
      });
      console.say(
        "Use it as OPENAI_BASE_URL. POST /__fake/script changes its script, GET /__fake/journal shows what it was asked.",
      );
      const url = `${server.url}/v1`;
      console.print(options.json ? JSON.stringify({ url }) : url);
      const stop = (): void => {
        void server.close().then(() => process.exit(0));
      };
      process.once("SIGINT", stop);
      process.once("SIGTERM", stop);
    });
  return dev;
}

function readScript(file: string): FakeScript {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new FlowsteadError("UsageError", `Cannot read the script ${file}: ${(cause as Error).message}`, { cause });
  }
  const parsed = scriptSchema.safeParse(found);
  if (parsed.success) return parsed.data;
  throw new FlowsteadError("UsageError", `${file} is no script:\n${z.prettifyError(parsed.error)}`);
}
