// Builds the pages: `vite build web` writes the chat page to web/dist/chat.
//
// The page runs under a policy without inline scripts or styles, so nothing may be inlined into the HTML, and assets stay
// files of their own (no data: URLs for fonts).

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const page = path.join(import.meta.dirname, "chat");

export default defineConfig({
  plugins: [chatPage(), react(), brotli()],
  build: {
    outDir: path.join(import.meta.dirname, "dist", "chat"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});

/** Sets the page's folder, whatever folder `vite build` names, and puts the fonts' licence beside the fonts. */
function chatPage(): Plugin {
  return {
    name: "flowstead-chat-page",
    config: () => ({ root: page }),
    generateBundle() {
      const licence = path.join(import.meta.dirname, "shared", "font", "OFL.txt");
      this.emitFile({ type: "asset", fileName: "assets/fonts-OFL.txt", source: readFileSync(licence, "utf8") });
    },
  };
}

/** Puts a compressed copy beside every text file, so that the server compresses nothing while it serves. */
function brotli(): Plugin {
  return {
    name: "flowstead-brotli",
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(?:js|css|html)$/.test(name)) continue;
        const file = path.join(dir, name);
        writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
      }
    },
  };
}
