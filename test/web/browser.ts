// Chromium, the built page and a fake server, for tests that look at what a person sees.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, chromium } from "playwright-core";
import { COMPILED } from "../program.ts";

const WEB = path.resolve("web");
const FLAGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** The reason why browser tests cannot run here, or undefined. In CI a missing browser is a failure, not a reason. */
export function noBrowser(): string | undefined {
  if (chromiumPath() !== undefined) return undefined;
  if (process.env.CI === "true") throw new Error("CI must have Chromium: install the Debian package `chromium`.");
  return "Chromium is not installed (Debian package `chromium`)";
}

function chromiumPath(): string | undefined {
  try {
    return execFileSync("which", ["chromium"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** A browser with a profile of its own (playwright makes and removes it). */
export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: FLAGS.split(" "), chromiumSandbox: false });
}

/**
 * The folder of the built page. `npm test` has built it; else it is built once for a state of the sources: test files may run as
 * processes side by side, so a build appears whole, by a rename, or not at all.
 */
export async function builtPage(): Promise<string> {
  if (COMPILED) return path.join(WEB, "dist", "chat");
  const target = path.join(tmpdir(), `flowstead-page-${sourcesHash()}`);
  if (existsSync(target)) return target;
  const { build } = await import("vite");
  const outDir = mkdtempSync(path.join(tmpdir(), "flowstead-build-"));
  await build({ configFile: path.join(WEB, "vite.config.ts"), root: WEB, logLevel: "warn", build: { outDir } });
  try {
    renameSync(outDir, target);
  } catch {
    // Another test file was faster.
    rmSync(outDir, { recursive: true, force: true });
  }
  return target;
}

function sourcesHash(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(WEB, { recursive: true, encoding: "utf8" }).sort()) {
    const file = path.join(WEB, name);
    if (name.startsWith("dist") || !statSync(file).isFile()) continue;
    hash.update(name).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Policy violations, errors in scripts, and requests to anywhere but the server. All must stay empty. */
  complaints: string[];
}

/** A page of its own, which notes everything that a clean page does not do. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  watch(page, new URL(url).origin, complaints);
  await page.goto(url);
  return { page, context, complaints };
}

export function watch(page: Page, origin: string, complaints: string[]): void {
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (/Content Security Policy|TrustedHTML|Trusted Type/i.test(text)) complaints.push(`policy: ${text}`);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) complaints.push(`request: ${request.url()}`);
  });
}
