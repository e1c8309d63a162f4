// Keeps what V8 compiled for the next start, where Node can (from 22 on). Imported before what is loaded later.

import module from "node:module";

const { enableCompileCache } = module as { enableCompileCache?: () => unknown };
enableCompileCache?.();
