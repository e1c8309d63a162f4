// Limits and accounts for what a command calls. They are opened with the first call: most commands end without one.

import path from "node:path";
import type { Logger } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { lateLedger } from "../gateway/late-ledger.ts";
import type { Governance } from "../gateway/open.ts";
import type { BalancedModel } from "../model/balanced.ts";
import type { Caller, ChatModel } from "../model/chat-model.ts";
import { type Embedder, embedderFor } from "../model/embedder.ts";
import { embedderName } from "../model/provider/index.ts";
import type { RecordStore } from "../store/record-store.ts";
import { makeStateFolder } from "../store/state-folder.ts";

export interface Accounts {
  governance(): Promise<Governance>;
  /** The model, counted under this name. */
  govern(model: ChatModel, name: string): ChatModel;
  /** The configured embedder, counted; none when none is configured. */
  governEmbedder(embedder: Embedder | undefined): Embedder | undefined;
  close(): Promise<void>;
}

interface AccountParts {
  config: Readonly<Config>;
  pools?: ReadonlyMap<string, BalancedModel>;
  log: Logger;
}

export function openAccounts({ config, pools = new Map(), log }: AccountParts): Accounts {
  let opened: Promise<{ governance: Governance; close(): Promise<void> }> | undefined;

  async function open(): Promise<{ governance: Governance; close(): Promise<void> }> {
    const { openGovernance } = await import("../gateway/open.ts");
    await makeStateFolder(config.home);
    let store: RecordStore | undefined;
    const ledger = lateLedger(async () => {
      const [{ openRecordStore }, { openLedger }] = await Promise.all([
        import("../store/provider/index.ts"),
        import("../gateway/ledger.ts"),
      ]);
      store ??= await openRecordStore({ file: path.join(config.home, "flowstead.db") });
      return openLedger(store, log);
    }, log);
    const governance = await openGovernance({ config: config.gateway, pools, ledger, log });
    return {
      governance,
      async close() {
        await governance.close();
        await store?.close();
      },
    };
  }
  const governance = async (): Promise<Governance> => (await (opened ??= open())).governance;

  return {
    governance,
    govern(model, name) {
      let governed: ChatModel | undefined;
      return {
        id: model.id,
        async *chat(request, signal) {
          governed ??= (await governance()).govern(model, name);
          yield* governed.chat(request, signal);
        },
        probe: (signal) => model.probe(signal),
        close: () => model.close(),
      };
    },
    governEmbedder(embedder) {
      const name = embedderName(config.embedder ?? {});
      const counted = (bare: Embedder, caller?: Caller): Embedder => ({
        ...bare,
        onBehalfOf: (other) => counted(bare, other),
        async embed(...call) {
          return embedderFor((await governance()).governEmbedder(bare, name), caller).embed(...call);
        },
      });
      return embedder && counted(embedder);
    },
    close: async () => (await opened)?.close(),
  };
}
