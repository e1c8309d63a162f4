// The pages of a served flow: a folder with an `index.html`, at `/` and `/static/`, as `--static_folder` names it.

import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import path from "node:path";

export interface StaticPages {
  /** The text of `/`. */
  home: string;
  /** Sends the file below `/static/`; false when there is none. */
  send(name: string, response: ServerResponse, headers: Readonly<Record<string, string>>): boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "application/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

const WELCOME = "<h1>Welcome to promptflow app.</h1>";

/** What the original's own pages call to name their files. */
const URL_FOR = /\{\{\s*url_for\(\s*["']static["']\s*,\s*filename\s*=\s*["']([^"']*)["']\s*\)\s*\}\}/g;

/** @param folder none gives the original's greeting alone */
export function staticPages(folder: string | undefined): StaticPages {
  if (folder === undefined) return { home: WELCOME, send: () => false };
  const root = path.resolve(folder);
  const index = path.join(root, "index.html");
  const home = existsSync(index)
    ? readFileSync(index, "utf8").replace(URL_FOR, (_, name: string) => `/static/${name}`)
    : WELCOME;
  return {
    home,
    send(name, response, headers) {
      const file = path.join(root, name);
      if (!file.startsWith(root + path.sep) || !isFile(file)) return false;
      const type = TYPES[path.extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { ...headers, "content-type": type });
      createReadStream(file)
        .on("error", () => response.destroy())
        .pipe(response);
      return true;
    },
  };
}

function isFile(file: string): boolean {
  // A path with a zero in it is no path, and would be thrown at.
  return !file.includes("\0") && (statSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}
