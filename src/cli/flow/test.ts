import { FlowsteadError } from "../../base/error/error.ts";
import { stringifyJson } from "../../base/json.ts";
import { SILENT } from "../../base/log.ts";
import type { Value, ValueMap } from "../../base/value.ts";
import type { FlowTarget } from "../../flow/flow-target.ts";
import { loadFlow } from "../../flow/load.ts";
import { locateFlow } from "../../flow/locate.ts";
import { applyVariants, parseVariant } from "../../flow/variant.ts";
import type { Console } from "../console.ts";
import { flowChat } from "./chat.ts";
import { nodeInputs, readInputs } from "./input.ts";
import { type OpenedFlow, openFlowHere } from "./open.ts";
import { withPlaces } from "./place.ts";
import { FlowLog, eventLine, recordPlace, testRecord, writeRecord } from "./record.ts";
import { type Interrupt, whenInterrupted } from "../interrupt.ts";
import type { HomeOptions } from "../option.ts";
import { variables } from "../pair.ts";

export interface FlowTestOptions extends HomeOptions {
  flow: string;
  inputs?: string[];
  input?: string;
  init?: string[];
  ui?: boolean;
  port?: number;
  skipOpenBrowser?: boolean;
  node?: string;
  variant?: string;
  interactive?: boolean;
  verbose?: boolean;
  detail?: string;
  environmentVariables?: string[] | true;
  json?: boolean;
}

type Variant = { node: string; variant: string } | undefined;

export async function flowTest(options: FlowTestOptions, console: Console): Promise<void> {
  if (options.ui) return chatInBrowser(options, console);
  const given = await readInputs(options.inputs ?? (options.input === undefined ? [] : [options.input]));
  const variant = options.variant === undefined ? undefined : parseVariant(options.variant);
  if (options.interactive) return chatAtTerminal(options, { given, variant }, console);
  const { inputs, outputs } =
    options.node === undefined
      ? { inputs: given, outputs: {} }
      : forNode(options.node, options, { given, variant }, console);
  const node = options.node === undefined ? undefined : { name: options.node, outputs };
  const controller = new AbortController();
  // The second time ends the process.
  let interrupt: Interrupt | undefined;
  const release = whenInterrupted((signal) => {
    interrupt = signal;
    release();
    controller.abort();
  });
  const { flow, close } = await open(options, { variant, node }).catch((thrown: unknown) => {
    release();
    throw thrown;
  });
  if (!node) warnOfUnknown(inputs, flow, console);
  const asked = node ? inputs : { ...newHistory(flow, options.flow), ...inputs };
  const record = testRecord(flow);
  const log = new FlowLog();
  try {
    for await (const event of flow.invoke({ inputs: asked, settle: true }, controller.signal)) {
      record.add(event);
      log.add(event);
      const line = options.json ? undefined : eventLine(event);
      if (line !== undefined) console.say(line);
    }
  } finally {
    release();
    await close();
  }
  const trouble = await writeRecord(recordPlace({ ...options, variant }), record, log);
  if (trouble !== undefined && (options.detail !== undefined || !options.json)) console.say(`note: ${trouble}`);
  if (interrupt !== undefined && record.error?.code === "Canceled")
    throw new FlowsteadError("Canceled", record.error.message, { details: { signal: interrupt } });
  if (record.error) throw withPlaces(FlowsteadError.fromBody(record.error), options.flow);
  const { outputs: answered = {} } = record;
  const result =
    node || (!options.json && (record.bare ?? isBare(flow, options.flow))) ? (answered["output"] ?? null) : answered;
  console.print(!options.json && typeof result === "string" ? result : stringifyJson(result, 4));
}

/** A function's one value, or a prompty's answer, has no name for those who read it. */
function isBare({ signature }: FlowTarget, source: string): boolean {
  return signature.bareOutput === true || locateFlow(source).file.endsWith(".prompty");
}

interface Asked {
  given: ValueMap;
  variant: Variant;
}

async function chatAtTerminal(options: FlowTestOptions, { given, variant }: Asked, console: Console): Promise<void> {
  if (options.node !== undefined) console.say("note: --interactive talks to the whole flow; --node is passed over.");
  const { flow, close } = await open(options, { variant });
  try {
    warnOfUnknown(given, flow, console);
    await flowChat(
      {
        flow,
        source: options.flow,
        inputs: given,
        place: recordPlace({ flow: options.flow, detail: options.detail, chat: true }),
        json: options.json ?? false,
        verbose: options.verbose ?? false,
      },
      console,
    );
  } finally {
    await close();
  }
}

/** The page of `up`, with this flow behind it. */
async function chatInBrowser(options: FlowTestOptions, console: Console): Promise<void> {
  const { up } = await import("../up.ts");
  const { flow, home, config, port, skipOpenBrowser = false } = options;
  for (const name of ["node", "variant", "init", "interactive"] as const) {
    if (options[name] !== undefined)
      throw new FlowsteadError("UsageError", `--ui shows the flow as it is served; leave --${name} out.`);
  }
  await up({ home, config, port, flow, open: !skipOpenBrowser }, console);
}

async function open(
  options: FlowTestOptions,
  { variant, node }: { variant: Variant; node?: { name: string; outputs: ValueMap } | undefined },
): Promise<OpenedFlow> {
  const init = await readInputs(options.init ?? []);
  return openFlowHere(
    options,
    {
      directory: options.flow,
      variant,
      node,
      environmentVariables: variables(options.environmentVariables),
      init,
      serving: false,
    },
    SILENT,
  ).catch((thrown: unknown) => {
    throw withPlaces(thrown, options.flow);
  });
}

/** What the node is given; what of it has no use is told. */
function forNode(
  name: string,
  options: FlowTestOptions,
  { given, variant }: Asked,
  console: Console,
): { inputs: ValueMap; outputs: Record<string, Value> } {
  const { definition } = loadFlow(options.flow);
  const node = applyVariants(definition, variant).find((candidate) => candidate.name === name);
  if (!node) {
    const names = definition.nodes.map((candidate) => candidate.name).join(", ");
    throw new FlowsteadError("UsageError", `Cannot find ${name} in the flow. Its nodes: ${names}.`);
  }
  const { inputs, outputs, unknown, known } = nodeInputs(node, given);
  if (unknown.length > 0)
    console.say(
      `warning: node ${name} has no use for ${unknown.join(", ")}; it takes ${known.join(", ") || "nothing"}`,
    );
  return { inputs, outputs };
}

/** A conversation that nobody has given begins with no turns: as in the original for this command, and for graphs. */
function newHistory({ signature }: FlowTarget, source: string): ValueMap {
  const history = signature.inputs.find(({ isChatHistory }) => isChatHistory);
  const isPrompty = locateFlow(source).file.endsWith(".prompty");
  return isPrompty || history === undefined || (history.default ?? null) !== null ? {} : { [history.name]: [] };
}

/** A misspelt input would else go unseen where the flow has a default. */
function warnOfUnknown(inputs: ValueMap, { signature }: FlowTarget, console: Console): void {
  const names = signature.inputs.map(({ name }) => name);
  const unknown = Object.keys(inputs).filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  console.say(`warning: the flow has no input ${unknown.join(", ")}; its inputs are ${names.join(", ") || "none"}`);
}
