// The texts of a folder that Node starts: no image, and no single binary either.

import { type ImageFacts, MARK, quoted } from "./docker-file.ts";

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
function shell(installed: string, { requirements, source }: ImageFacts): string {
  const python =
    requirements === undefined
      ? []
      : [
          "if [ ! -d flow/.venv ]; then",
          "  python3 -m venv flow/.venv",
          `  flow/.venv/bin/pip install --quiet -r "flow/${requirements}"`,
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
    `serve flow serve --source ${quoted(source)} --port "\${PORT:-8080}"`,
    "",
  ].join("\n");
}

function batch(installed: string, { source }: ImageFacts): string {
  return [
    "@echo off",
    'cd /d "%~dp0"',
    "if not defined FLOWSTEAD_HOME set FLOWSTEAD_HOME=%CD%\\.flowstead",
    "if not defined PORT set PORT=8080",
    `for %%f in (connections\\*.yaml) do call npx --yes ${installed} connection create --file "%%f" >nul 2>nul`,
    `npx --yes ${installed} flow serve --source "${source}" --port %PORT%`,
    "",
  ].join("\r\n");
}

function readme({ flow, variables, hasPython }: ImageFacts): string {
  return [
    `# ${flow}`,
    "",
    "A prompt flow with everything to serve it on a machine that has Node 20.19 or later:",
    "",
    "```sh",
    `${variables.map((name) => `${name}=... `).join("")}sh start.sh`,
    "curl http://127.0.0.1:8080/score -H 'Content-Type: application/json' -d '{...}'",
    "```",
    "",
    "On Windows, `start.cmd`. PORT names another port. settings.json names the variables that must be set.",
    ...(hasPython ? ["", "The flow has Python nodes: Python 3.9 or later must be installed, too."] : []),
    "",
    "It listens on this machine alone and answers everybody on it: there is no sign-in.",
    "",
  ].join("\n");
}
