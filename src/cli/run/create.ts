import path from "node:path";
import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { SILENT } from "../../base/log.ts";
import { parseVariant } from "../../flow/variant.ts";
import { createRun } from "../../run/create-run.ts";
import { readErrors } from "../../run/outcome.ts";
import type { BatchProgress } from "../../run/progress.ts";
import { shownRun } from "../../run/run-info.ts";
import type { RunStore } from "../../run/run-store.ts";
import type { Console } from "../console.ts";
import { openFlowHere } from "../flow/open.ts";
import { withPlaces } from "../flow/place.ts";
import { folderOfFlow } from "../flow/record.ts";
import { type Interrupt, exitCodeOf, whenInterrupted } from "../interrupt.ts";
import { ownConfigOf } from "../option.ts";
import { readPfSettings } from "../pf-settings.ts";
import { followLog, tellRunSummary, teller } from "./log.ts";
import { type RunCreateOptions, readLabels, readWish } from "./request.ts";
import { printRun, runStoreOf } from "./show.ts";

const LINES = 4;
const LINE_TIMEOUT_SECONDS = 600;

export async function runCreate(options: RunCreateOptions, console: Console): Promise<void> {
  const { env } = ownConfigOf(options);
  const store = runStoreOf(options);
  if (options.source !== undefined) return adoptRun(store, options.source, options, console);
  const { name, request, notes, ...labels } = await readWish(store, options);
  if (!options.json) for (const note of notes) console.say(`note: ${note}`);
  const setting = (variable: string): number | undefined => positive(env, variable, console);
  const lines = options.concurrency ?? setting("PF_WORKER_COUNT") ?? LINES;
  const batchTimeoutSeconds = setting("PF_BATCH_TIMEOUT_SEC");
  const controller = new AbortController();
  let interrupt: Interrupt | undefined;
  const release = whenInterrupted((signal) => {
    if (controller.signal.aborted) process.exit(exitCodeOf(signal));
    interrupt = signal;
    console.say("Stopping. What has ended is kept; once more stops at once.");
    controller.abort();
  });
  let log: Promise<void> | undefined;
  const ended = new AbortController();
  const run = await createRun(
    store,
    {
      name,
      ...labels,
      request,
      concurrency: lines,
      lineTimeoutMs: (setting("PF_LINE_TIMEOUT_SEC") ?? LINE_TIMEOUT_SECONDS) * 1000,
      ...(batchTimeoutSeconds === undefined ? {} : { batchTimeoutMs: batchTimeoutSeconds * 1000 }),
      openFlow: () =>
        openFlowHere(
          options,
          {
            directory: request.flow,
            ...(request.variant === null ? {} : { variant: parseVariant(request.variant) }),
            environmentVariables: request.environment_variables,
            overrides: request.connections,
            init: request.init,
            serving: false,
            lines,
          },
          SILENT,
        ),
      folder: outputFolder(options, request.flow),
      onNotice: (message) => {
        if (!options.stream && !options.json) console.say(`note: ${message}`);
      },
      onStart: (started) => {
        const say = teller(options, console);
        if (options.stream) log = followLog(store.layout(started.name).logs, say, () => ended.signal.aborted);
        else if (!options.json) console.say(`Run ${started.name}: ${store.layout(started.name).folder}`);
      },
      ...(options.json || options.stream ? {} : { onProgress: showProgress(console) }),
    },
    controller.signal,
  )
    .catch((thrown: unknown) => {
      throw withPlaces(thrown, request.flow);
    })
    .finally(() => {
      release();
      ended.abort();
    });
  await log;
  console.settle();
  const folder = store.layout(run.name).folder;
  if (options.stream) tellRunSummary(run, folder, teller(options, console));
  const error = await readErrors(store, run.name);
  console.print(stringifyJson(shownRun(run, folder, error), 4));
  if (run.status === "Completed") return;
  const goOn = `To go on with it: flowstead run create --resume-from ${run.name}`;
  if (run.status === "Canceled")
    throw new FlowsteadError("Canceled", `Run ${run.name} was stopped. ${goOn}`, { details: { signal: interrupt } });
  const { message = "" } = (error ?? {}) as { message?: string };
  const why = `Run ${run.name} failed: ${message} ${goOn}`;
  // Scripts of the original go on after a failed run that they did not watch, and read its status.
  if (options.stream) throw new FlowsteadError("BatchRunError", why);
  if (!options.json) console.say(why);
}

/** A run's folder that was made elsewhere: it stays where it is, and is found from here. */
async function adoptRun(store: RunStore, source: string, options: RunCreateOptions, console: Console): Promise<void> {
  const { displayName, description, tags, notes } = readLabels(options.set ?? []);
  const adopted = await store.adopt(source, options.name);
  const run = await store.update(adopted.name, {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(description === undefined ? {} : { description }),
    tags: { ...adopted.tags, ...tags },
  });
  if (!options.json) for (const note of notes) console.say(`note: ${note}`);
  await printRun(store, run, console);
}

/** `run.output_path` of `config set`; undefined is the state folder. */
function outputFolder(options: RunCreateOptions, flow: string): string | undefined {
  const written = readPfSettings(ownConfigOf(options).config.home).settings["run.output_path"];
  if (written === undefined) return undefined;
  return path.resolve(written.replace("${flow_directory}", () => folderOfFlow(flow)));
}

const REDRAW_MS = 100;

function showProgress(console: Console): (progress: BatchProgress) => void {
  let shownAt = 0;
  return (progress) => {
    const now = performance.now();
    if (now - shownAt < REDRAW_MS && progress.done < progress.total) return;
    shownAt = now;
    const current = progress.failed > 0 ? `${progress.failed} failed` : undefined;
    console.bar("Lines", { ...progress, ...(current === undefined ? {} : { current }) });
  };
}

/** Of a variable that is no positive number it is told that it does not count, as it does not with the original. */
function positive(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  console: Console,
): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  console.say(`note: ${name} is "${text}" and is passed over: it must be a whole number from 1.`);
  return undefined;
}
