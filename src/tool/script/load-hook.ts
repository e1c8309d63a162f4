// Module hooks of script threads: TypeScript of a flow becomes JavaScript as it is loaded. Lines stay where they are, so
// that errors name the lines that the author wrote.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LoadHook, ResolveHook } from "node:module";
import { transform } from "sucrase";

/** `./part` and `./part.js` may stand for `./part.ts`, as TypeScript has it. */
export const resolve: ResolveHook = (specifier, context, next) => {
  const { parentURL } = context;
  if (/^\.{1,2}\//.test(specifier) && parentURL?.startsWith("file:")) {
    const target = new URL(specifier, parentURL);
    if (!existsSync(target)) {
      const found = [target.href.replace(/\.js$/, ".ts"), `${target.href}.ts`].find((href) =>
        existsSync(new URL(href)),
      );
      if (found !== undefined) return next(found, context);
    }
  }
  return next(specifier, context);
};

export const load: LoadHook = (url, context, next) => {
  if (!url.startsWith("file:") || url.includes("/node_modules/")) return next(url, context);
  if (url.endsWith(".js")) return loadJavaScript(url, context, next);
  if (!/\.m?ts$/.test(url)) return next(url, context);
  const filePath = fileURLToPath(url);
  return { format: "module", source: asJavaScript(readFileSync(filePath, "utf8"), filePath), shortCircuit: true };
};

/** @throws SyntaxError that begins with file and line. */
function asJavaScript(text: string, file: string): string {
  try {
    return transform(text, { transforms: ["typescript"], disableESTransforms: true }).code;
  } catch (thrown) {
    const { message, loc } = thrown as Error & { loc?: { line: number } };
    const said = message.replace(/^Error transforming [^:]*: |\s*\(\d+:\d+\)$/g, "");
    throw new SyntaxError(`${file}${loc ? `:${loc.line}` : ""}: ${said}`, { cause: thrown });
  }
}

/** A flow has no package.json that says what its .js files are: what imports or exports is a module. */
const loadJavaScript: LoadHook = (url, context, next) => {
  const source = readFileSync(new URL(url), "utf8");
  return /^\s*(?:import|export)\b/m.test(source)
    ? { format: "module", source, shortCircuit: true }
    : next(url, context);
};
