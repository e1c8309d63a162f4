// The texts of a container's folder: how its image is made, how it starts, and what a person must know.

export interface ImageFacts {
  flow: string;
  /** What is served, from the folder: `flow`, or a file in it where it has no usual name. */
  source: string;
  version: string;
  hasPython: boolean;
  /** The flow's Python packages file, by its path in the flow; alone when it names no other file of the flow. */
  requirements?: { file: string; isAlone: boolean } | undefined;
  /** Path of the flow's script that prepares the image, in the flow. */
  setup?: string | undefined;
  /** Whether the flow is a class that is made with values. */
  takesInit?: boolean;
  /** A package file of the program, as it is called in the folder. */
  packageFile?: string | undefined;
  /** Whether nodes use the model that the environment describes. */
  usesDefaultModel: boolean;
  /** Names of variables that must be set. */
  variables: readonly string[];
}

/** The first line of a Dockerfile made here: what lies beside it may be replaced. */
export const MARK = "# Made by `flowstead flow build`.";

export function dockerfile({ version, hasPython, requirements, setup, packageFile }: ImageFacts): string {
  const lines = [MARK, "FROM node:20-slim", ""];
  if (hasPython) {
    lines.push(
      "RUN apt-get update \\",
      "  && apt-get install -y --no-install-recommends python3 python3-venv \\",
      "  && rm -rf /var/lib/apt/lists/* \\",
      "  && python3 -m venv /opt/python",
      "ENV PATH=/opt/python/bin:$PATH",
      "",
    );
  }
  const install = (what: string): string => `npm install --global --omit=dev ${what} && npm cache clean --force`;
  // A base image of one's own that has the program needs no registry.
  const unlessThere = "command -v flowstead >/dev/null || ";
  if (packageFile !== undefined) lines.push(`COPY ${packageFile} /opt/${packageFile}`);
  const program = packageFile === undefined ? `flowstead@${version}` : `/opt/${packageFile}`;
  lines.push(`RUN ${unlessThere}(${install(program)})`);
  lines.push("");
  if (hasPython && requirements !== undefined) {
    const { file, isAlone } = requirements;
    // Alone, so that packages are installed anew only when they have changed.
    lines.push(isAlone ? `COPY ${JSON.stringify([`flow/${file}`, `/app/flow/${file}`])}` : "COPY flow /app/flow");
    const pip = ["pip", "install", "--no-cache-dir", "-r", file];
    lines.push("WORKDIR /app/flow", `RUN ${JSON.stringify(pip)}`);
  }
  lines.push("WORKDIR /app");
  lines.push(
    "COPY . /app",
    ...(setup === undefined ? [] : [`RUN ["sh", ${JSON.stringify(`/app/flow/${setup}`)}]`]),
    "",
    "# Writable for a user without a name, too, whom some clusters start containers as: its group is 0.",
    "RUN mkdir -p /state && chown node:0 /state && chmod 770 /state",
    "# For base images that start their services with runit.",
    "RUN mkdir -p /var/runit && cp -r /app/runit/. /var/runit && chmod -R +x /var/runit",
    "ENV FLOWSTEAD_HOME=/state",
    "USER node",
    "EXPOSE 8080",
    `HEALTHCHECK --start-period=20s CMD node -e "fetch('http://127.0.0.1:\${PORT:-8080}/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"`,
    'CMD ["sh", "./start.sh"]',
    "",
  );
  return lines.join("\n");
}

/** Secrets stay references in what it stores; they are read from the environment when a flow uses them. */
export function startScript({ source }: ImageFacts): string {
  return `#!/bin/sh
# Stores the connections, then serves the flow. settings.json names the variables that must be set.
set -eu
cd "$(dirname "$0")"
for file in connections/*.yaml; do
  [ -e "$file" ] || continue
  said="$(flowstead connection create --file "$file" 2>&1)" && continue
  # It is there from an earlier start, or cannot be stored, which both would say.
  flowstead connection update --file "$file" >/dev/null || { printf '%s\\n' "$said" >&2; exit 1; }
done
exec flowstead flow serve --source ${quoted(source)} --host "\${FLOWSTEAD_SERVE_HOST:-0.0.0.0}" --port "\${PORT:-8080}" --allow-unauthenticated
`;
}

/**
 * The flow as a service of runit, under the name that images of the original give it: `runsvdir /var/runit` starts it
 * and starts it again when it ends.
 */
export function runitFiles(): [string, string][] {
  const run = `#!/bin/sh
# Started by runit in /var/runit, or in the folder itself.
exec 2>&1
app="$(dirname "$0")/../.."
[ -f "$app/start.sh" ] || app=/app
exec sh "$app/start.sh"
`;
  const finish = `#!/bin/sh
# runit tells the exit code, or -1 and the signal, and starts the service again; not at once, should it fail at its start.
echo "promptflow-serve ended with \${1:-?} (signal \${2:-0})"
sleep 1
`;
  return [
    ["runit/promptflow-serve/run", run],
    ["runit/promptflow-serve/finish", finish],
  ];
}

/** A name as one word of a shell, whatever is in it. */
export function quoted(name: string): string {
  return `'${name.replaceAll("'", "'\\''")}'`;
}

/** Builds of the image see nothing that is not named here. */
export const IGNORE_FILE = "README.md\nsettings.json\nDockerfile\n.dockerignore\n";

export function readme(facts: ImageFacts): string {
  const { flow, variables } = facts;
  const set = variables.map((name) => ` -e ${name}=...`).join("");
  const model = facts.usesDefaultModel ? " -e OPENAI_API_KEY=..." : "";
  const init = facts.takesInit ? ` -e ${INIT}='{...}'` : "";
  return [
    `# ${flow}`,
    "",
    "A prompt flow with everything to serve it in a container:",
    "",
    "- `flow/`: the flow's files, with includes merged and variants decided",
    "- `connections/`: its connections; secrets are references to environment variables",
    "- `settings.json`: the variables that must be set",
    "- `Dockerfile`, `start.sh`: how the image is made and started",
    "- `runit/`: the same as a service, for base images that start their services with `runsvdir /var/runit`",
    "",
    "```sh",
    `docker build -t ${imageName(flow)} .`,
    `docker run -p 127.0.0.1:8080:8080${set}${model}${init} ${imageName(flow)}`,
    "curl http://127.0.0.1:8080/score -H 'Content-Type: application/json' -d '{...}'",
    "```",
    "",
    "The container answers everybody who reaches its port: there is no sign-in. Publish the port only to what checks callers.",
    ...environmentNotes(facts),
    "",
    "Search indexes are not part of the image: mount the folder that holds them at /state/index.",
    "",
  ].join("\n");
}

const INIT = "PF_FLOW_INIT_CONFIG";

/** Paragraphs about variables besides those of settings.json. */
export function environmentNotes({ usesDefaultModel, takesInit }: ImageFacts): string[] {
  const model = [
    "",
    "Nodes with the connection `default` use the model that the environment describes: OPENAI_API_KEY, OPENAI_BASE_URL and",
    "OPENAI_MODEL, or AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and AZURE_OPENAI_DEPLOYMENT. Without them answers come",
    "from the built-in model, which only quotes.",
  ];
  const init = ["", `${INIT} holds the values with which the flow's class is made, as JSON.`];
  return [...(usesDefaultModel ? model : []), ...(takesInit ? init : [])];
}

function imageName(flow: string): string {
  return (
    flow
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]/g, "-")
      .replaceAll(/^[._-]+|[._-]+$/g, "") || "flow"
  );
}
