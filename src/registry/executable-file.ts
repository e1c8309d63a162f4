// The texts of a folder that Node starts: no image, and no single binary either.

import { type ImageFacts, MARK, environmentNotes, quoted } from "./docker-file.ts";

/** Files besides the flow and its connections, by name. */
export function executableFiles(facts: ImageFacts): [string, string][] {
  const installed = facts.packageFile === undefined ? `flowstead@${facts.version}` : `./${facts.packageFile}`;
  return [
    ["start.sh", shell(installed, facts)],
    ["start.cmd", batch(installed, facts)],
    ["README.md", readme(facts)],
  ];
}

/** Connections keep references in place of secrets; the state folder lies beside the flow. */
function shell(installed: string, facts: ImageFacts): string {
  const requirements = pythonPackages(facts);
  const python =
    requirements === undefined
      ? []
      : [
          "if [ ! -d flow/.venv ]; then",
          "  python3 -m venv flow/.venv",
          "  # A half of it would be taken for the whole at the next start.",
          `  flow/.venv/bin/pip install --quiet -r ${quoted(`flow/${requirements}`)} || { rm -rf flow/.venv; exit 1; }`,
          "fi",
        ];
  return [
    "#!/bin/sh",
    MARK,
    "# Serves the flow with the Node of this machine. settings.json names the variables that must be set.",
    "set -eu",
    'cd "$(dirname "$0")"',
    'export FLOWSTEAD_HOME="${FLOWSTEAD_HOME:-$PWD/.flowstead}"',
    'if command -v flowstead >/dev/null; then run() { flowstead "$@"; }; serve() { exec flowstead "$@"; }',
    `else run() { npx --yes ${installed} "$@"; }; serve() { exec npx --yes ${installed} "$@"; }; fi`,
    ...python,
    "for file in connections/*.yaml; do",
    '  [ -e "$file" ] || continue',
    '  run connection create --file "$file" >/dev/null 2>&1 || run connection update --file "$file" >/dev/null',
    "done",
    `serve flow serve --source ${quoted(facts.source)} --port "\${PORT:-8080}"`,
    "",
  ].join("\n");
}

function batch(installed: string, facts: ImageFacts): string {
  const requirements = pythonPackages(facts)?.replaceAll("/", "\\");
  const python =
    requirements === undefined
      ? []
      : [
          "if exist flow\\.venv goto ready",
          "python -m venv flow\\.venv || exit /b 1",
          `flow\\.venv\\Scripts\\pip install --quiet -r "flow\\${requirements}" || (rmdir /s /q flow\\.venv & exit /b 1)`,
          ":ready",
        ];
  const create = 'connection create --file "%%f"';
  return [
    "@echo off",
    'cd /d "%~dp0"',
    "if not defined FLOWSTEAD_HOME set FLOWSTEAD_HOME=%CD%\\.flowstead",
    "if not defined PORT set PORT=8080",
    `set RUN=npx --yes ${installed}`,
    "where flowstead >nul 2>nul && set RUN=flowstead",
    ...python,
    `for %%f in (connections\\*.yaml) do call %RUN% ${create} >nul 2>nul || call %RUN% ${create.replace("create", "update")} >nul`,
    `call %RUN% flow serve --source "${facts.source}" --port %PORT%`,
    "",
  ].join("\r\n");
}

/** Nobody needs the packages of a flow in which nothing is Python. */
function pythonPackages({ hasPython, requirements }: ImageFacts): string | undefined {
  return hasPython ? requirements?.file : undefined;
}

function readme(facts: ImageFacts): string {
  const { flow, variables, hasPython } = facts;
  const packages = pythonPackages(facts);
  return [
    `# ${flow}`,
    "",
    "A prompt flow with everything to serve it on a machine that has Node 20.19 or later:",
    "",
    "- `flow/`: the flow's files, with includes merged and variants decided",
    "- `connections/`: its connections; secrets are references to environment variables",
    "- `settings.json`: the variables that must be set",
    "- `start.sh`, on Windows `start.cmd`: stores the connections and serves the flow",
    "",
    "```sh",
    `${variables.map((name) => `${name}=... `).join("")}sh start.sh`,
    "curl http://127.0.0.1:8080/score -H 'Content-Type: application/json' -d '{...}'",
    "```",
    "",
    "http://127.0.0.1:8080/ is a page on which it can be tried. PORT names another port.",
    ...(hasPython ? ["", "The flow has Python nodes: Python 3.9 or later must be installed, too."] : []),
    ...(packages === undefined ? [] : [`The first start installs \`flow/${packages}\` in \`flow/.venv\`.`]),
    ...environmentNotes(facts),
    "",
    "It listens on this machine alone and answers everybody on it: there is no sign-in.",
    "",
  ].join("\n");
}
