// Makes a fresh clone ready: dependencies from the lock file, the compiled server and the built pages.
// Runs before `npm start` and `npm test`, uses nothing but Node, and does only what has changed since last time.
//
//   node scripts/setup.mjs            install and build
//   node scripts/setup.mjs --test     also the programs that tests use, where this is root on Debian

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
process.chdir(root);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Flowstead needs Node.js 20.19 or newer; this is ${process.version}.`);
}

once("node_modules/.flowstead-setup", hashOf(["package-lock.json"]), "Installing dependencies", () =>
  // Not `npm ci`: it refuses a lock file that was written where some platform's optional packages could not be seen.
  run("npm", ["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]),
);
once("dist/.flowstead-setup", hashOf(["src", "tsconfig.json", "package-lock.json"]), "Compiling", () =>
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]),
);
once("web/dist/.flowstead-setup", hashOf(["web", "package-lock.json"]), "Building the pages", () =>
  run(process.execPath, ["node_modules/vite/bin/vite.js", "build", "web", "--logLevel", "warn"]),
);
if (process.argv.includes("--test")) {
  // Tests run compiled as well: each is a process of its own, which loads a build in half the time.
  once(
    "build/.flowstead-setup",
    hashOf(["src", "test", "bench", "web/shared", "tsconfig.build.json"]),
    "Compiling tests",
    () => run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]),
  );
  installPrograms();
}

/** Runs `work` unless the stamp says that the same inputs have been worked on. */
function once(stamp, hash, label, work) {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  const started = Date.now();
  process.stderr.write(`${label} ...`);
  work();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  const isNpm = command === "npm";
  if (error?.code === "ENOENT")
    fail(`\n${command} is not on the PATH${isNpm ? ": install it, it comes with Node.js" : ""}.`);
  // What npm says begins every line with its name; where its own code failed helps nobody here.
  const words = `${stdout ?? ""}${stderr ?? ""}`.replace(/^npm error {2,}.*\n|^npm error [{}]?\n/gm, "");
  const remedy = isNpm
    ? "Packages come from the address that `npm config get registry` prints: can it be reached?"
    : "";
  fail(`\n${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ""}\n${words}${remedy}`);
}

function hashOf(places) {
  const hash = createHash("sha256").update(process.version.split(".")[0]);
  for (const place of places) for (const file of filesOf(place)) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

function filesOf(place) {
  if (!existsSync(place)) return [];
  const entries = readdirSyncSafe(place);
  if (!entries) return [place];
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(path.join("web", "dist")))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

function readdirSyncSafe(place) {
  try {
    return readdirSync(place, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The programs that some tests drive; a test whose program is missing says so by name. */
function installPrograms() {
  const wanted = [
    ["chromium", "chromium"],
    ["/usr/share/doc/python3-requests", "python3-requests"],
    ["/usr/share/doc/python3-bs4", "python3-bs4"],
    ["/usr/bin/python3", "python3"],
    ["/usr/share/doc/python3-venv", "python3-venv"],
    ["redis-server", "redis-server"],
    ["/usr/lib/postgresql", "postgresql"],
    ["podman", "podman"],
    ["/usr/sbin/runc", "runc"],
    ["/usr/lib/podman/netavark", "netavark"],
    ["/usr/sbin/iptables", "iptables"],
  ];
  const missing = wanted.filter(([program]) => !isThere(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    process.stderr.write(
      `Tests that need ${missing.join(", ")} will be skipped: install them to run these tests too.\n`,
    );
    return;
  }
  process.stderr.write(`Installing ${missing.join(", ")} ...\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  const { status } = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) process.stderr.write(`Could not install all of: ${missing.join(", ")}\n`);
}

function isThere(program) {
  if (program.includes("/")) return existsSync(program);
  return (process.env.PATH ?? "").split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
