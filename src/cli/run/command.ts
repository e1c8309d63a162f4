import { Command, InvalidArgumentError, Option } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Console } from "../console.ts";
import { ENVIRONMENT, SOURCE, count, withHome, withYes } from "../option.ts";
import { archiveRun, deleteRun, updateRun } from "./change.ts";
import { runCreate } from "./create.ts";
import { visualizeRuns } from "./visualize.ts";
import { listRuns, showDetails, showMetrics, showRun, streamRun } from "./show.ts";

export function runCommand(console: Console): Command {
  const run = new Command("run");
  createCommand(run, console);
  withHome(run.command("list"))
    .description("list runs, newest first")
    .option("-r, --max-results <number>", "how many at most; below 0 all of them", wholeNumber, 50)
    .option("--all-results", "all of them")
    .addOption(new Option("--archived-only", "archived runs alone").conflicts("includeArchived"))
    .option("--include-archived", "archived runs too")
    .addOption(new Option("-o, --output <format>", "json or table").choices(["json", "table"]).default("json"))
    .option("--json", "the same as --output json")
    .addHelpText(
      "after",
      "\nExamples:\n  flowstead run list --output table\n  flowstead run list --max-results 10 --include-archived",
    )
    .action((options) => listRuns(options, console));
  named(run, "show", "print the record of a run").action((options) => showRun(options, console));
  named(run, "show-details", "print inputs and outputs of the lines, also while the run goes on")
    .option("-r, --max-results <number>", "how many lines at most", count, 100)
    .option("--all-results", "all of them")
    .action((options) => showDetails(options, console));
  named(run, "show-metrics", "print the metrics that aggregation nodes logged").action((options) =>
    showMetrics(options, console),
  );
  withHome(run.command("visualize"))
    .description("write a page with the lines, traces and metrics of one run or several, and open it")
    .requiredOption(
      "-n, --names <names>",
      "names of runs, with commas between; the first is what others are compared with",
    )
    .option("-o, --html-path <file>", "where to write the page (default: in the folder of the first run)")
    .option("--no-open", "do not open it in the browser")
    .option("--json", "print where it is as JSON")
    .addHelpText(
      "after",
      "\nThe page is one file that loads nothing from anywhere.\n\nExamples:\n  flowstead run visualize --names first\n  flowstead run visualize --names first,second --html-path runs.html --no-open",
    )
    .action((options) => visualizeRuns(options, console));
  named(run, "stream", "print the log of a run until it ends").action((options) => streamRun(options, console));
  named(run, "archive", "hide a run from lists").action((options) => archiveRun(options, true, console));
  named(run, "restore", "show an archived run in lists again").action((options) => archiveRun(options, false, console));
  named(
    run,
    "update",
    "change a run's display name, description and tags",
    ` --set display_name="Second try" tags.team=a`,
  )
    .requiredOption("--set <value...>", "display_name=..., description=..., tags.<name>=...")
    .action((options) => updateRun(options, console));
  withHome(run.command("build", { hidden: true }))
    .description("not here: a flow is built with `flow build`")
    .allowUnknownOption()
    .argument("[words...]")
    .option("--json", "accepted for scripts")
    .action(() => {
      throw new FlowsteadError("UsageError", "A run is not built; a flow is, with `flowstead flow build`.");
    });
  withYes(named(run, "delete", "delete a run with its folder", " --yes"), "without asking").action((options) =>
    deleteRun(options, console),
  );
  return run;
}

function createCommand(run: Command, console: Console): void {
  withHome(run.command("create"))
    .description("run a flow over data, in the foreground, until it ends")
    .option("-f, --file <file>", "a YAML file with the same keys; options win over it")
    .option("--flow <folder>", SOURCE)
    .option("--data <file>", "rows: a .jsonl, .csv, .tsv, .json or .parquet file, or a folder of such files")
    .option(
      "--column-mapping <mapping...>",
      "input='${data.column}', '${run.outputs.name}', '${run.inputs.column}' or a constant",
    )
    .option("--run <name>", "a completed run whose outputs are data of this one")
    .option("--variant <variant>", "a variant in place of a node's default, as ${node.variant}")
    .option("--environment-variables [variable...]", ENVIRONMENT)
    .option(
      "--connections <value...>",
      "node.connection=x, node.deployment_name=y: in place of what the flow's file says",
    )
    .option("--init <value...>", "name=value for the constructor of a flex flow's class, or a .json file")
    .option("-n, --name <name>", "name of the new run")
    .option("--set <value...>", "display_name=..., description=..., tags.<name>=...")
    .option("--source <folder>", "take in the folder of a run that was made elsewhere; nothing runs")
    .option("--resume-from <name>", "take over the completed lines of this run, and run the others")
    .option("--concurrency <number>", "lines at a time (default: PF_WORKER_COUNT, or 4)", count)
    .option("-s, --stream", "print the log while it runs")
    .option("--json", "print nothing but the run's record")
    .addHelpText("after", EXAMPLES)
    .action((options) => runCreate(options, console));
}

const EXAMPLES = `
Examples:
  flowstead run create --flow answer/ --data questions.jsonl --column-mapping question='\${data.question}' --name first
  flowstead run create --flow grade/ --data questions.jsonl --run first \\
    --column-mapping groundtruth='\${data.answer}' prediction='\${run.outputs.answer}'
  flowstead run create --resume-from first --name second
  flowstead run create -f run.yaml --data other.csv --stream
  flowstead run create --flow answer/ --data questions.csv --connections ask.connection=other ask.model=gpt-4o
  flowstead run create --flow class-flow/ --data rows.parquet --init temperature=0
  flowstead run create --source downloaded-run/
`;

function named(run: Command, name: string, description: string, example = ""): Command {
  return withHome(run.command(name))
    .description(description)
    .requiredOption("-n, --name <name>", "name of the run")
    .option("--json", "print JSON")
    .addHelpText("after", `\nExample:\n  flowstead run ${name} --name first${example}`);
}

/** Below 0, lists of the original have no end. */
function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number)) throw new InvalidArgumentError("Give a whole number.");
  return number;
}
