import type { Environment } from "./environment.ts";

/** Variables that a child process may see: where programs and certificates are, and language. Keys never are among them. */
const PASSED_ON: readonly string[] = [
  "PATH",
  "HOME",
  "USER",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
  "TEMP",
  "TMP",
  "SystemRoot",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "NODE_EXTRA_CA_CERTS",
  "VIRTUAL_ENV",
  "PYTHONPATH",
  "LD_LIBRARY_PATH",
];

/** The part of the environment that flow instances get. */
export function childEnvironment(env: Environment): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = env[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

/** Besides those, the names of variables that say where a container engine is and how it is set up. */
const OF_ENGINES = /^(CONTAINERS?_|DOCKER_|PODMAN_|XDG_)/;

/** The part of the environment that the command of a container engine gets. */
export function engineEnvironment(env: Environment): Record<string, string> {
  const engines = Object.entries(env).filter(([name, value]) => OF_ENGINES.test(name) && value !== undefined);
  return { ...childEnvironment(env), ...(Object.fromEntries(engines) as Record<string, string>) };
}
