// Online endpoints, wired: the desired state, who may call, and what is written down of calls and instances.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "../base/log.ts";
import { packageRoot } from "../base/package-root.ts";
import { collectedFolder, connectionFolder, endpointLogFolder, flowFolder, keyFolder } from "../config/folder.ts";
import type { Config } from "../config/schema.ts";
import { SEALING_KEY_FILE } from "../connection/store.ts";
import { configuredDeployment, configuredEndpoint } from "../endpoint/configured.ts";
import { openDesiredStore } from "../endpoint/control/desired-store.ts";
import { openFlowSnapshots } from "../endpoint/control/flow-snapshot.ts";
import { openGates } from "../endpoint/control/gate.ts";
import { type OnlineControl, openOnlineControl } from "../endpoint/control/online-control.ts";
import { seedConfigured } from "../endpoint/control/seed.ts";
import type { Fleet } from "../endpoint/fleet.ts";
import { type EndpointKeys, readKeys } from "../endpoint/key.ts";
import { openCollector } from "../endpoint/log/data-collector.ts";
import { type Journal, openJournal } from "../endpoint/log/journal.ts";
import { redactor } from "../endpoint/log/redaction.ts";
import type { DeploymentSpec } from "../endpoint/specification/deployment-spec.ts";
import type { Target } from "../flow/target.ts";
import { bearerCheck } from "../identity/bearer.ts";
import { readSealingKey } from "../store/sealing.ts";
import type { RecordStore } from "../store/record-store.ts";
import { heldSecrets } from "./held-secret.ts";

export interface Online {
  readonly journal: Journal;
  /** Where the files lie that a deployment's instances read. */
  flowOf(spec: DeploymentSpec): string | undefined;
  /** Live: a key made anew counts from the next call on. */
  keysOf(endpoint: string): EndpointKeys;
  /** A deployment whose calls leave their data in files, as far as its specification says. */
  collected<T extends Target>(deployment: T, spec: () => DeploymentSpec): T;
  /** The control plane over what runs, or over the desired state alone. */
  control(fleet?: Fleet): OnlineControl;
  /** Writes out what is still to be written. */
  close(): Promise<void>;
}

export interface OnlineParts {
  store: RecordStore;
  log: Logger;
}

export async function openOnline(config: Readonly<Config>, { store, log }: OnlineParts): Promise<Online> {
  const sealingKey = await readSealingKey(path.join(connectionFolder(config), SEALING_KEY_FILE));
  const desired = await openDesiredStore(store, sealingKey);
  const secrets = await heldSecrets(config);
  const redact = redactor(() => secrets);
  const journal = openJournal({ folder: endpointLogFolder(config), redact, log });
  const snapshots = openFlowSnapshots({ folder: flowFolder(config), log });
  const collector = openCollector({ folder: collectedFolder(config), redact, log });
  const { issuers, clock_skew_seconds: clockSkewSeconds } = config.identity;
  const trusted = issuers.map(({ jwks_uri: jwksUri, ...issuer }) => ({ ...issuer, ...(jwksUri ? { jwksUri } : {}) }));
  const gates = openGates(trusted.length === 0 ? undefined : bearerCheck({ issuers: trusted, clockSkewSeconds }));

  await seed(config, desired);
  return {
    journal,
    flowOf: snapshots.placeOf,
    keysOf: (endpoint) => gates.of(endpoint),
    collected: (deployment, spec) =>
      new Proxy(deployment, {
        get(target, property) {
          if (property !== "invoke") return Reflect.get(target, property, target) as unknown;
          const invoke: Target["invoke"] = (call, signal) => {
            const events = target.invoke(call, signal);
            const current = spec();
            return current.dataCollector
              ? collector.watch(current, call.requestId ?? call.runId ?? "", events)
              : events;
          };
          return invoke;
        },
      }),
    control: (fleet) =>
      openOnlineControl({
        desired,
        snapshots,
        log,
        ...(fleet ? { fleet } : {}),
        onEndpoint: (endpoint) => {
          gates.set(endpoint);
          for (const value of Object.values(endpoint.secrets)) secrets.add(value);
        },
      }),
    close: async () => {
      await Promise.all([journal.flush(), collector.flush()]);
    },
  };
}

/** Keys that an earlier version kept in a file of their own move into the store; the file goes. */
async function seed(config: Readonly<Config>, desired: Awaited<ReturnType<typeof openDesiredStore>>): Promise<void> {
  const { endpoint } = config;
  const flow = path.resolve(endpoint.flow ?? path.join(packageRoot(), "examples/flows/chat-with-docs"));
  const file = path.join(keyFolder(config), `${endpoint.name}.json`);
  const hadKeys = existsSync(file);
  const keys = hadKeys ? await readKeys(keyFolder(config), endpoint.name) : undefined;
  const spec = { endpoint: configuredEndpoint(endpoint), deployment: configuredDeployment(endpoint, flow) };
  await seedConfigured(desired, { ...spec, ...(keys ? { keys } : {}) });
  if (hadKeys) await rm(file, { force: true });
}
