import { Command } from "commander";
import { type Console } from "./console.ts";
import { flowServe } from "./flow-serve.ts";
import { flowTest } from "./flow-test.ts";
import { portNumber, withHome } from "./option.ts";

export function flowCommand(console: Console): Command {
  const flow = new Command("flow").description("run and serve a flow folder");
  withHome(flow.command("test"))
    .description("run a flow once and print its outputs")
    .requiredOption("--flow <folder>", "folder of the flow, or its flow.dag.yaml")
    .option("--inputs <input...>", "inputs as name=value, or one .json or .jsonl file")
    .option("--variant <variant>", "a variant in place of a node's default, as ${node.variant}")
    .option("--detail <folder>", "write the record of every node there")
    .option("--environment-variables <variable...>", "name=value, in place of the flow's own")
    .option("--json", "print nothing but the outputs as JSON")
    .action((options) => flowTest(options, console));
  withHome(flow.command("serve"))
    .description("serve a flow alone: /score, /health, /version, /swagger.json")
    .requiredOption("--source <folder>", "folder of the flow, or its flow.dag.yaml")
    .option("-p, --port <number>", "port to listen on", portNumber, 8080)
    .option("--host <address>", "address to listen on; loopback only", "127.0.0.1")
    .option("--environment-variables <variable...>", "name=value, in place of the flow's own")
    .action((options) => flowServe(options, console));
  return flow;
}
