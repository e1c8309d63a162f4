import { Command, Option } from "commander";
import { type Console } from "./console.ts";
import { flowBuild } from "./flow-build.ts";
import { FLOW_TYPES, flowInit } from "./flow-init.ts";
import { flowServe } from "./flow-serve.ts";
import { flowTest } from "./flow-test.ts";
import { flowValidate } from "./flow-validate.ts";
import { portNumber, withHome } from "./option.ts";

export function flowCommand(console: Console): Command {
  const flow = new Command("flow").description("make, test, serve and build a flow folder");
  flow
    .command("init")
    .description("make a new flow that runs at once")
    .requiredOption("--flow <folder>", "folder to make it in")
    .addOption(new Option("--type <type>", "what kind of flow").choices(FLOW_TYPES).default("standard"))
    .option("-y, --yes", "replace files that are there without asking")
    .option("--json", "print what was made as JSON")
    .action((options) => flowInit(options, console));
  withHome(flow.command("test"))
    .description("run a flow once and print its outputs")
    .requiredOption("--flow <folder>", "folder of the flow, or its flow.dag.yaml")
    .option("--inputs <input...>", "inputs as name=value, or one .json or .jsonl file")
    .option("--node <node>", "run this node alone; --inputs then are its inputs, also as node.output=value")
    .option("--variant <variant>", "a variant in place of a node's default, as ${node.variant}")
    .option("--interactive", "chat with the flow at the terminal; Ctrl-D ends")
    .option("--verbose", "with --interactive, tell what every node did")
    .option("--detail <folder>", "write the record of every node there, in place of the flow's .promptflow")
    .option("--environment-variables <variable...>", "name=value, in place of the flow's own")
    .option("--json", "print nothing but the outputs as JSON")
    .addHelpText("after", TEST_EXAMPLES)
    .action((options) => flowTest(options, console));
  withHome(flow.command("serve"))
    .description("serve a flow alone: /score, /health, /version, /swagger.json")
    .requiredOption("--source <folder>", "folder of the flow, or its flow.dag.yaml")
    .option("-p, --port <number>", "port to listen on", portNumber, 8080)
    .option("--host <address>", "address to listen on; loopback only", "127.0.0.1")
    .option("--allow-unauthenticated", "listen on any address, though whoever reaches it may call the flow")
    .option("--environment-variables <variable...>", "name=value, in place of the flow's own")
    .action((options) => flowServe(options, console));
  withHome(flow.command("build"))
    .description("write a folder from which a container image of a flow is made")
    .requiredOption("--source <folder>", "folder of the flow, or its flow.dag.yaml")
    .requiredOption("-o, --output <folder>", "folder to write: new, empty, or of an earlier build")
    .addOption(new Option("-f, --format <format>", "what to build").choices(["docker"]).default("docker"))
    .option("--variant <variant>", "a variant in place of a node's default, as ${node.variant}")
    .option("--package <file>", "install this package file of flowstead, in place of the published one")
    .option("--json", "print the names of the files as JSON")
    .action((options) => flowBuild(options, console));
  withHome(flow.command("validate"))
    .description("check a flow's files without running it; prints the result as JSON")
    .requiredOption("--source <folder>", "folder of the flow, or its flow.dag.yaml")
    .option("--json", "accepted for scripts; the result is JSON in any case")
    .action((options) => flowValidate(options, console));
  return flow;
}

const TEST_EXAMPLES = `
The record of the last test stands in the flow's folder .promptflow: flow.detail.json, flow.output.json, flow.metrics.json
and flow.log.

Examples:
  flowstead flow test --flow answer/ --inputs question="How many days?"
  flowstead flow test --flow answer/ --inputs questions.jsonl --variant '\${answer.short}'
  flowstead flow test --flow answer/ --node summarize --inputs fetch.output="a long text"
  flowstead flow test --flow answer/ --interactive
`;
