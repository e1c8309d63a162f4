import { Command, Option } from "commander";
import { type Console } from "../console.ts";
import { FLOW_TYPES, flowInit } from "./init.ts";
import { DEFAULT_PYTHON } from "../../python/interpreter.ts";
import { ENVIRONMENT, SOURCE, portNumber, withAccepted, withHome, withYes } from "../option.ts";

// Each command is loaded when it is asked for: a served flow must not wait for the others.

const VARIANT = "a variant in place of a node's default, as ${node.variant}";
const INIT = "name=value for the constructor of a flex flow's class, or a .json file";

export function flowCommand(console: Console): Command {
  const flow = new Command("flow");
  addInit(flow, console);
  addTest(flow, console);
  addServe(flow, console);
  addBuild(flow, console);
  addVenv(flow, console);
  withHome(flow.command("validate"))
    .description("check a flow's files without running it; prints the result as JSON")
    .requiredOption("--source <folder>", SOURCE)
    .option("--json", "accepted for scripts; the result is JSON in any case")
    .addHelpText("after", "\nExample:\n  flowstead flow validate --source answer/")
    .action(async (options) => (await import("./validate.ts")).flowValidate(options, console));
  withHome(flow.command("save"))
    .description("make a flex flow of a Python function or class: its flow.flex.yaml, with inputs and outputs")
    .requiredOption("--entry <entry>", "module:function or module:Class, from the code's folder")
    .option("--code <folder>", "folder of the code, or one file (default: this folder)")
    .option("--path <folder>", "folder to make the flow in; the code is copied (default: where the code is)")
    .option("--json", "print what was written as JSON")
    .addHelpText("after", SAVE_EXAMPLES)
    .action(async (options) => (await import("./save.ts")).flowSave(options, console));
  return flow;
}

function addInit(flow: Command, console: Console): void {
  const init = withHome(flow.command("init"))
    .description("make a new flow that runs at once, or a flow around a function that is there")
    .requiredOption("--flow <folder>", "folder to make it in")
    .addOption(new Option("--type <type>", "what kind of flow").choices(FLOW_TYPES).default("standard"))
    .option(
      "--connection <name>",
      "the connection that the flow's model is asked through (default: the pool `default`)",
    )
    .option("--deployment <name>", "name of the model, for Azure OpenAI that of its deployment")
    .option("--entry <file>", "a Python file in the folder: the flow calls its --function")
    .option("--function <name>", "the function in --entry")
    .option("--prompt-template <template...>", "parameter=file.jinja2: a template whose text the function is given")
    .option("--json", "print what was made as JSON")
    .addHelpText("after", INIT_EXAMPLES);
  withYes(init, "replace files that are there without asking").action(async (options) =>
    options.entry !== undefined || options.promptTemplate !== undefined
      ? (await import("./entry.ts")).flowEntry(options, console)
      : flowInit(options, console),
  );
}

function addTest(flow: Command, console: Console): void {
  const command = withHome(flow.command("test"))
    .description("run a flow once and print its outputs")
    .requiredOption("--flow <folder>", SOURCE)
    .option("--inputs <input...>", "inputs as name=value, or one .json or .jsonl file")
    .addOption(new Option("--input <file>", "an inputs file").hideHelp())
    .option("--node <node>", "run this node alone; --inputs then are its inputs, also as node.output=value")
    .option("--variant <variant>", VARIANT)
    .option("--init <value...>", INIT)
    .option("--interactive", "chat with the flow at the terminal; Ctrl-D ends")
    .option("--ui", "chat with the flow in the browser: the page of `up` with this flow")
    .addOption(
      new Option(
        "-p, --port <number>",
        "with --ui, the port of the page (default: 8080, or the next free one)",
      ).argParser(portNumber),
    )
    .option("--skip-open-browser", "with --ui, do not open the browser")
    .option("--detail <folder>", "write the record of every node there, in place of the flow's .promptflow")
    .option("--environment-variables [variable...]", ENVIRONMENT)
    .option("--json", "print nothing but the outputs as JSON")
    .addHelpText("after", TEST_EXAMPLES)
    .action(async (options) => (await import("./test.ts")).flowTest(options, console));
  withAccepted(command, "--multi-modal", "--url-params <params...>", "--collection <name>");
}

function addServe(flow: Command, console: Console): void {
  withHome(flow.command("serve"))
    .description("serve a flow alone: /score, /health, /version, /swagger.json")
    .requiredOption("--source <folder>", SOURCE)
    .option("-p, --port <number>", "port to listen on", portNumber, 8080)
    .option("--host <address>", "address to listen on; others than loopback need --allow-unauthenticated", "127.0.0.1")
    .option("--allow-unauthenticated", "listen on any address, though whoever reaches it may call the flow")
    .option("--environment-variables [variable...]", ENVIRONMENT)
    .option("--init <value...>", INIT)
    .option("--static_folder <folder>", "a page of your own: its index.html at /, its files below /static/")
    .addOption(
      new Option("--engine <engine>", "accepted for scripts: one server does what both did").choices([
        "flask",
        "fastapi",
      ]),
    )
    .option("--skip-open-browser", "accepted for scripts; no browser is opened in any case")
    .option("--json", "print its address as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  flowstead flow serve --source answer/\n  flowstead flow serve --source answer/ --port 8081 --environment-variables KEY='${my_connection.api_key}'",
    )
    .action(async (options) => (await import("./serve.ts")).flowServe(options, console));
}

function addBuild(flow: Command, console: Console): void {
  withHome(flow.command("build"))
    .description("write a folder from which a flow is served elsewhere: as a container image, or by Node")
    .requiredOption("--source <folder>", SOURCE)
    .requiredOption("-o, --output <folder>", "folder to write: new, empty, or of an earlier build")
    .addOption(
      new Option("-f, --format <format>", "docker: with a Dockerfile; executable: with a start script for Node")
        .choices(["docker", "executable"])
        .default("docker"),
    )
    .option("-v, --variant <variant>", VARIANT)
    .option("--flow-only", "the flow's files alone, as they are settled, in the output folder itself")
    .option("--package <file>", "install this package file of flowstead (default: this very program, packed by npm)")
    .option("--json", "print the names of the files as JSON")
    .addHelpText("after", BUILD_HELP)
    .action(async (options) => (await import("./build.ts")).flowBuild(options, console));
}

function addVenv(flow: Command, console: Console): void {
  withHome(flow.command("venv"))
    .description("make the flow's own Python: .venv in its folder, with the packages of its requirements.txt")
    .requiredOption("--flow <folder>", SOURCE)
    .option("--python <program>", "the Python to make it with", DEFAULT_PYTHON)
    .option("--requirements <file>", "another requirements file than the flow's")
    .option("--find-links <folder>", "install from package files in this folder; nothing is fetched")
    .option("--clear", "make a .venv that is there anew")
    .option("--json", "print what was made as JSON")
    .addHelpText("after", VENV_HELP)
    .action(async (options) => (await import("./venv.ts")).flowVenv(options, console));
}

const VENV_HELP = `
Every command that runs the flow takes this Python from then on. No other command makes one or installs anything.

Examples:
  flowstead flow venv --flow answer/
  flowstead flow venv --flow answer/ --python python3.12 --clear
  flowstead flow venv --flow answer/ --find-links wheels/
`;

const INIT_EXAMPLES = `
Examples:
  flowstead flow init --flow answer
  flowstead flow init --flow talk --type chat --connection open_ai_connection --deployment gpt-4o-mini
  flowstead flow init --flow intent --entry intent.py --function extract_intent --prompt-template prompt=ask.jinja2
`;

const TEST_EXAMPLES = `
The record of the last test stands in the flow's folder .promptflow: flow.detail.json, flow.output.json, flow.metrics.json
and flow.log. With --interactive, --verbose tells what every node did.

Examples:
  flowstead flow test --flow answer/ --inputs question="How many days?"
  flowstead flow test --flow answer/ --inputs questions.jsonl --variant '\${answer.short}'
  flowstead flow test --flow answer/ --node summarize --inputs fetch.output="a long text"
  flowstead flow test --flow class-flow/ --init temperature=0 --inputs question=Hello
  flowstead flow test --flow answer/ --interactive
  flowstead flow test --flow answer/ --ui
`;

const BUILD_HELP = `
With --format executable the folder holds start.sh and start.cmd: they serve the flow with the Node of the machine that they
are started on, and get flowstead through npx. It is no single binary, and the original's desktop page is not part of it.

Examples:
  flowstead flow build --source answer/ --output dist
  flowstead flow build --source answer/ --output dist --format executable --variant '\${answer.short}'
`;

const SAVE_EXAMPLES = `
Examples:
  flowstead flow save --entry intent:extract_intent
  flowstead flow save --entry intent:Extractor --code src --path intent-flow
`;
