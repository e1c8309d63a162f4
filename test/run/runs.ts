// Runs in a folder of their own, for tests.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { parseJson } from "../../src/base/json.ts";
import type { ValueMap } from "../../src/base/value.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { type CreateRunOptions, createRun } from "../../src/run/create-run.ts";
import type { RunInfo, RunRequest } from "../../src/run/run-info.ts";
import { type RunStore, openRunStore } from "../../src/run/run-store.ts";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { flowResources } from "../flow/flow-folder.ts";

const GREET = path.resolve("test/fixture/flow/greet");

export interface Runs {
  store: RunStore;
  /** Writes rows, and gives the path. */
  data(rows: readonly object[]): Promise<string>;
  create(
    request: Partial<RunRequest>,
    options?: Partial<CreateRunOptions> & { signal?: AbortSignal },
  ): Promise<RunInfo>;
  rows(run: string, ...file: string[]): ValueMap[];
}

/** A store of runs that goes with the test; a run is of the flow `greet`, three lines at a time, where nothing else is said. */
export function runs(context: TestContext): Runs {
  const folder = mkdtempSync(path.join(tmpdir(), "runs-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = openRunStore(path.join(folder, "runs"));
  let files = 0;
  return {
    store,
    async data(rows) {
      const file = path.join(folder, `data${files++}.jsonl`);
      await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      return file;
    },
    create(given, { signal = new AbortController().signal, ...options } = {}) {
      const none = { data: null, run: null, column_mapping: null, variant: null, resume_from: null };
      const changes = { connections: {}, init: {} };
      const request = { flow: GREET, environment_variables: {}, ...none, ...changes, ...given };
      const open = async () => {
        const env = { PATH: process.env["PATH"] };
        const python = { env, environmentVariables: request.environment_variables };
        const resources = flowResources();
        const flow = await openFlow({
          directory: request.flow,
          tools: BUILT_IN_TOOLS,
          resources,
          streaming: false,
          python,
        });
        return { flow, close: () => flow.close() };
      };
      return createRun(store, { request, openFlow: open, concurrency: 3, lineTimeoutMs: 60_000, ...options }, signal);
    },
    rows(run, ...file) {
      const text = readFileSync(path.join(store.layout(run).folder, ...file), "utf8");
      return text.split("\n").flatMap((line) => (line === "" ? [] : [parseJson(line) as ValueMap]));
    },
  };
}
