// A flow of a folder with what the configuration lets it reach, in this process.

import path from "node:path";
import { type Accounts, openAccounts } from "../../app/account.ts";
import { type FlowLoan, lendToFlow } from "../../app/flow-loan.ts";
import { lentFlow } from "../../app/lent-flow.ts";
import { openConfiguredEmbedder, openResources } from "../../app/resources.ts";
import type { Logger } from "../../base/log.ts";
import type { ValueMap } from "../../base/value.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { type FlowTarget, openFlow } from "../../flow/flow-target.ts";
import { loadFlow } from "../../flow/load.ts";
import type { FlowResources } from "../../flow/resource.ts";
import type { BalancedModel } from "../../model/balanced.ts";
import type { Embedder } from "../../model/embedder.ts";
import { openModelPools } from "../../model/pools.ts";
import { modelSettings } from "../../model/provider/index.ts";
import type { SearchIndex } from "../../search/search-index.ts";
import { TOOLS_OF_KEY_HOLDER } from "../../tool/index.ts";
import type { FlowIndexes } from "./lent-index.ts";
import { type NodeOverrides, overriddenFlow } from "./override.ts";
import { type HomeOptions, ownConfigOf } from "../option.ts";
import { merged } from "../pf-settings.ts";
import { modelFromVariables } from "./prompty-model.ts";

export interface OpenedFlow {
  flow: FlowTarget;
  close(): Promise<void>;
}

export interface OpenFlowHereOptions {
  directory: string;
  variant?: { node: string; variant: string };
  environmentVariables?: Record<string, string>;
  /** Whether the process's variables win over the flow's own, as in serving. */
  serving: boolean;
  /** Runs this node alone, with these outputs of the nodes before it. */
  node?: { name: string; outputs: ValueMap };
  /** Lines at a time of a batch run; aggregation nodes then wait for the end of all lines. */
  lines?: number;
  /** Values for the constructor of a flex flow's class. */
  init?: ValueMap;
  /** Values in place of those that nodes have in the flow's file. */
  overrides?: NodeOverrides;
}

export interface OpenedResources {
  resources: FlowResources;
  config: LoadedConfig["config"];
  env: LoadedConfig["env"];
  close(): Promise<void>;
}

interface Parts {
  config: LoadedConfig["config"];
  env: LoadedConfig["env"];
  accounts: Accounts;
  pools: ReadonlyMap<string, BalancedModel>;
  embedder: Embedder | undefined;
  openIndex: (name: string) => Promise<SearchIndex>;
  close(): Promise<void>;
}

async function openParts(home: HomeOptions, log: Logger): Promise<Parts> {
  const { config, env } = ownConfigOf(home);
  const pools = openModelPools(config.models.map(modelSettings), log);
  const accounts = openAccounts({ config, pools, log });
  const embedder = await openConfiguredEmbedder(config, log);
  let indexes: Promise<FlowIndexes> | undefined;
  const openIndex = async (name: string): Promise<SearchIndex> => {
    indexes ??= import("./lent-index.ts").then(({ openFlowIndexes }) =>
      openFlowIndexes(config, embedder, { accounts, log }),
    );
    return (await indexes).open(name);
  };
  return {
    config,
    env,
    accounts,
    pools,
    embedder,
    openIndex,
    close: async () => {
      await (await indexes)?.close();
      await accounts.close();
      await Promise.all([...pools.values()].map((model) => model.close()));
      await embedder?.close();
    },
  };
}

/** What flows may reach under this configuration, without a flow. */
export async function openResourcesHere(home: HomeOptions, log: Logger): Promise<OpenedResources> {
  const { config, env, pools, embedder, openIndex, close } = await openParts(home, log);
  const resources = openResources(config, { env, log, models: pools, embedder, openIndex });
  return {
    resources,
    config,
    env,
    close: async () => {
      await resources.close();
      await close();
    },
  };
}

export async function openFlowHere(home: HomeOptions, options: OpenFlowHereOptions, log: Logger): Promise<OpenedFlow> {
  const { close: closeParts, ...parts } = await openParts(home, log);
  const name = path.basename(path.resolve(options.directory));
  const lend = async (): Promise<FlowLoan> =>
    lentFlow(parts.env) ?? lendToFlow({ ...parts, log, flow: name, hasCode: hasCode(options.directory) });
  const loan = await lend().catch(async (thrown: unknown) => {
    await closeParts();
    throw thrown;
  });
  const { config } = parts;
  const { resources, env } = loan;
  const close = async (): Promise<void> => {
    await loan.close();
    await closeParts();
  };
  try {
    const { overrides = {} } = options;
    const init = withModel(options, parts);
    const changed = Object.keys(overrides).length > 0;
    const flow = await openFlow({
      directory: options.directory,
      ...(changed ? overriddenFlow(options.directory, overrides, options.variant) : { variant: options.variant }),
      tools: TOOLS_OF_KEY_HOLDER,
      resources,
      ...(init ? { init } : {}),
      node: options.node,
      aggregate: !options.serving && options.lines === undefined,
      streaming: options.lines === undefined,
      serving: options.serving,
      python: {
        interpreter: config.python,
        env,
        environmentVariables: options.environmentVariables,
        keepEnvironment: options.serving,
        ...(options.lines === undefined ? {} : { maxWorkers: options.lines, alone: true }),
      },
    });
    return {
      flow,
      close: async () => {
        await flow.close();
        await close();
      },
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** What a prompty's head says besides: the model that variables describe, where the configuration has not taken them up. */
function withModel(
  { directory, environmentVariables, init }: OpenFlowHereOptions,
  parts: Omit<Parts, "close">,
): ValueMap | undefined {
  const isTaken = parts.config.models.some(({ api_key: key }) => key !== undefined);
  const found = modelFromVariables(directory, { ...(isTaken ? {} : parts.env), ...environmentVariables });
  return found ? merged(found, init ?? {}) : init;
}

/** Whether a flow may run more than templates and models; so does one that cannot be read, which is told later. */
function hasCode(source: string): boolean {
  try {
    const { flex, nodes, variants } = loadFlow(source).definition;
    const all = [...nodes, ...Object.values(variants).flatMap(({ variants: found }) => Object.values(found))];
    return flex !== undefined || all.some(({ type }) => type !== "llm" && type !== "prompt");
  } catch {
    return true;
  }
}
