// Writes docs/compatibility.md from the report of `npm run compatibility -- --upstream DIR --report FILE`:
//
//   node --import tsx scripts/compatibility.ts REPORT

import { readFileSync, writeFileSync } from "node:fs";
import { format } from "node:util";
import type { ReportEntry } from "../test/compatibility/main.ts";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Usage: node --import tsx scripts/compatibility.ts REPORT");
  process.exit(2);
}
const report = JSON.parse(readFileSync(file, "utf8")) as ReportEntry[];
const count = (result: ReportEntry["result"]): number => report.filter((entry) => entry.result === result).length;

const HEAD = `# Compatibility

The example flows of [microsoft/promptflow](https://github.com/microsoft/promptflow), run with their files unchanged from a
checkout. Their models are the fake model server (\`flowstead dev fake-model\`), which answers what the flow's next node can read; web pages
and pictures come from this machine. A flow passes when \`flow test\` ends well, or when every line of its batch run and its
aggregation do. Packages that a flow's \`requirements.txt\` asks for come from PyPI, but for \`promptflow\` and
\`promptflow-tools\`, whose place Flowstead's own \`promptflow\` package takes. Where a flow is delivered with blanks, they are
filled with \`--connections\`, or in a copy of its file where no option does it; the index that \`promptflow-copilot\` searches is one of FAISS
over guides of the checkout, taken over with \`flowstead index import\`. Where the newest version of a package has dropped what a flow
imports, an older one is taken. tiktoken would fetch its encodings from the Internet; here they are files in a folder, which its
own variable \`TIKTOKEN_CACHE_DIR\` names.

This page is generated from a report:

\`\`\`
npm run compatibility -- --upstream DIR --tiktoken DIR --report report.json
node --import tsx scripts/compatibility.ts report.json
\`\`\`

**%d pass, %d fail, %d were not run, each for the reason in its row.**

| flow | kind | made of | packages | result |
| --- | --- | --- | --- | --- |
`;

const DIFFERENCES = `
## Where a run differs on purpose

- **Rows keep their values.** The original puts rows into a table of pandas: a column that a row does not have becomes \`NaN\`, and integers
  beside a missing value become floats (\`3\` is \`3.0\`). Here a missing column leaves its input out, whose default counts, or the line fails
  alone with \`InputNotFound\`; integers stay integers.
- **A failing \`__aggregate__\` is told.** The original ends such a run without a word and without metrics; here the run's errors name it.
- **A mapping of one entry whose key is no text**, such as \`{1: a}\`, may be the literal of a node; the original refuses it as a broken image.
- **Dates** of a flow's YAML are \`datetime.date\` and \`datetime.datetime\` to Python nodes and templates, as in the original, and texts in ISO's
  notation to TypeScript and JavaScript nodes.
- **Keys of digits** (\`{"10": 1, "2": 2}\`) keep their order in Python nodes, templates and outputs, as in the original; TypeScript and JavaScript
  nodes get them smallest first, since their language has them so.

## Where the \`run\` commands differ on purpose

- **Exit codes** are the original's: \`run create\` ends with 0 also when the run failed, whose status stands in its record; with
  \`--stream\` it ends with 1. Ctrl-C ends it with 130 and SIGTERM with 143, and what had ended is kept. Wrong words end with 2, anything else that goes wrong with 1.
- **Standard output** holds the record, and with \`--stream\` the log before it, as in the original; with \`--json\` it holds the record
  alone. Errors and notes go to standard error, where the original mixes them into standard output; with \`--json\` an error is one line
  of JSON there, \`{"error": {"code": ..., "message": ...}}\`, of every command.
- **\`--resume-from\`** takes data, mapping, variables and a flow of its own, which the original refuses; a run that failed or was killed can be
  resumed as well. **\`--flow\`** may stand beside \`--file\`, and wins.
- **\`run update --set tags.a=b\`** keeps the other tags; the original drops them.
- **\`run create --source\`** takes folders without \`run_metadata.json\` too. Numbers as tags in a run's file are texts; the original refuses them.
- **A variable that refers to a connection** that is not there is refused; the original passes the reference on as it is written.
- **Data** that is not UTF-8, a CSV row with more cells than names, and a \`line_number\` that is no whole number from 0 are refused by file
  and row; the original fails without the place, shifts the cells, or crashes.
- **Metrics** that JSON cannot hold (Decimal, integers of numpy, sets) fail their node; the original's run crashes and stays "Running".
  \`log_metric\` in \`__aggregate__\` counts; the original drops it. Defaults of a flex flow keep their type (\`3\`, not \`"3"\`).
- **Images** of a run lie once in \`flow_outputs\`, and records name them by a relative path; the original copies them and names them by an
  absolute one. **The snapshot** is the flow as it was written; the original rewrites its YAML with the variant. Files of a folder of data are
  read in the order of their names.
- **A flow that is wrong**, or whose connection is missing, ends \`run create\` with 1 before any line; the original makes a failed run of
  it, or for a prompty one whose lines all fail.
- **An error** of a run has \`messageFormat\` for failures of tools and functions only, and no \`debugInfo\`: it holds a stack of the original's own code. Names of runs have no slash.

## Where the other commands differ on purpose

- **Errors** go to standard error, where the original prints those of users to standard output; so do progress and log lines of \`flow test\`.
- **\`config set\`** refuses a workspace (\`connection.provider=azureml...\`, \`trace.destination=azureml...\`) and the flow's own folder for runs with 1;
  the original keeps the first, and says the last and ends with 0. Names that mean nothing here are kept, with a warning.
- **\`connection create\`** takes an Azure OpenAI connection without a key, custom connections without secrets or with numbers, and an empty \`.env\`; it
  needs no file when \`--set\` says everything. **\`connection delete\`** asks nobody; with no terminal the original fails without \`--yes\`.
- **\`connection delete\`** takes away the connection that is seen, and tells where it was and whether one of its name is left in the person's folder.
- **\`flow test\`** writes its four files also when they are empty or the test failed, so that none is left of an earlier test; \`--inputs\` and
  \`--input\` take JSON and JSON Lines both, \`--detail\` is a folder of the working folder for the log, too.
- **\`flow validate\`** reads a flow as strictly as a run does: references, cycles and sources that are not right are errors (the original
  succeeds with most), connections that are not here are warnings. \`location\` is \`file:line\`.
- **\`flow build\`** needs no \`--format\`, refuses a folder with other things in it, and writes \`.dockerignore\` and the program itself as a
  package file besides; \`settings.json\` also names the variables of prompties; no \`flow.json\` for a flex flow; \`environment.image\` and \`conda_file\` are not used, which it says, and \`setup_sh\` runs in the image. **\`flow serve\`** ends with 0 at SIGTERM, as at Ctrl-C.
- **Streams**: with \`stream: true\` Python nodes read the model's answer as a generator, as in the original; prompts, conditions, outputs,
  aggregations and TypeScript nodes get the whole text (the original prints or compares the generator, gives an output only what a node has
  left, and crashes in batch when an aggregation refers to one). Records have the text and the tokens, where the original's have
  \`<generator object ...>\`. A stream that fails marks its node as failed, where the original has it completed. A generator in a dict that is
  an output as a whole is its text; the original refuses it.
- **Flex flows** whose function returns a \`dict\` or \`int\`, takes unions or connections, or whose class has no \`__init__\`, are served; the
  original refuses them. \`init\` values are converted to the types that the file declares. A model configuration in an \`Optional\` or \`Union\` is
  made for the class, with its connection; the original hands over the dict.
- **Templates**: a word such as \`ſystem:\` is no role. What a user wrote makes no role however deep it lies in a chat history; the original
  protects less. A prompty's template error keeps its reason. A template whose values grow without end is stopped.
- **\`flow save\`** takes functions that return a \`dict\`, and a file as \`--code\`; a default keeps its type (the original writes \`'1'\` for \`1\`).
- **\`flow init\`** and **\`tool init\`** replace nothing without being told: where a file is there they end with 1, or ask.
- **\`tool validate\`** takes a folder, too; a file that cannot be loaded is JSON with its line; a file without a tool succeeds, with a warning.
- **\`service\`** and **\`upgrade\`** start and install nothing, and end with 0; **\`trace delete\`** finds nothing to delete, and asks nobody.
- **\`-v\`** also prints the version after other words; **\`version\`** and \`--version\` tell Flowstead's.
- **A wrong option value** ends with 2 whatever it is; every command has \`--json\`, \`--verbose\` and \`--debug\`.
`;

const rows = report.map(({ name, kind, construction, packages, result, how, reason }) => {
  const told = result === "pass" ? `pass (${how})` : `${result}: ${reason}`;
  return `| ${[`\`${name.replace(/^examples\//, "")}\``, kind, construction, packages.join(", "), told].map(cell).join(" | ")} |`;
});
writeFileSync(
  "docs/compatibility.md",
  format(HEAD, count("pass"), count("fail"), count("not run")) + rows.map((row) => `${row}\n`).join("") + DIFFERENCES,
);

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
