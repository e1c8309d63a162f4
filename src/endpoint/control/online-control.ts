// The control plane: every change of the desired state goes through here, one after another, first into the store and then
// into what runs. Without a fleet only the store changes, and the next start brings it up.

import { FlowsteadError } from "../../base/error/error.ts";
import { secretToken } from "../../base/id.ts";
import type { Logger } from "../../base/log.ts";
import type { Fleet } from "../fleet.ts";
import type { KeyPair } from "../key.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { EndpointSpec } from "../specification/endpoint-spec.ts";
import type { DesiredDeployment, DesiredEndpoint, DesiredStore } from "./desired-store.ts";
import { MOST_DEPLOYMENTS, MOST_ENDPOINTS, checkShares, checkUnused, tooMany } from "./desired-rule.ts";
import { type KeyName, newSecrets } from "./endpoint-secret.ts";
import { type Issued, issueToken } from "./endpoint-token.ts";
import type { FlowSnapshots } from "./flow-snapshot.ts";
import { type Provisioning, openProgress } from "./provisioning.ts";

export interface EndpointRecord extends Provisioning {
  spec: EndpointSpec;
  createdAt: number;
  updatedAt: number;
}

export interface DeploymentRecord extends Provisioning {
  spec: DeploymentSpec;
  createdAt: number;
  updatedAt: number;
}

export interface OnlineControl {
  endpoints(): Promise<EndpointRecord[]>;
  /** @throws FlowsteadError `NotFound`. */
  endpoint(name: string): Promise<EndpointRecord>;
  /**
   * Creates or changes it; the same again changes nothing. @throws `Conflict` beyond the limits, `NotFound` for traffic to nowhere.
   * @param keys of one that is new, in place of those made up; one that is there keeps its own
   */
  putEndpoint(spec: EndpointSpec, keys?: Partial<KeyPair>): Promise<EndpointRecord>;
  /** With its deployments. @returns whether there was one. */
  deleteEndpoint(name: string): Promise<boolean>;
  keys(name: string): Promise<KeyPair>;
  /** The other key goes on working, and the old value of this one ends with the next call. @param value made up when absent */
  regenerateKey(name: string, which: KeyName, value?: string): Promise<KeyPair>;
  /** @throws FlowsteadError `Conflict` for an endpoint whose auth_mode is not aml_token. */
  token(name: string): Promise<Issued>;
  deployments(endpoint: string): Promise<DeploymentRecord[]>;
  deployment(endpoint: string, name: string): Promise<DeploymentRecord>;
  putDeployment(spec: DeploymentSpec): Promise<DeploymentRecord>;
  /** @returns whether there was one. @throws FlowsteadError `Conflict` while it has traffic. */
  deleteDeployment(endpoint: string, name: string): Promise<boolean>;
  /** Resolves when the deployment is settled or has failed. */
  settled(endpoint: string, deployment: string): Promise<Provisioning>;
  /** Brings all that is desired up, as after a start. */
  resume(): Promise<void>;
  close(): void;
}

export interface OnlineControlOptions {
  desired: DesiredStore;
  /** The files that instances read. */
  snapshots: FlowSnapshots;
  /** What runs; without it the desired state is only kept. */
  fleet?: Pick<Fleet, "apply" | "settled" | "remove">;
  /** Told after every change of an endpoint, before the fleet is, so that keys are known when calls come. */
  onEndpoint?: (endpoint: DesiredEndpoint) => void;
  log: Logger;
}

export function openOnlineControl(options: OnlineControlOptions): OnlineControl {
  const { desired, snapshots, fleet, onEndpoint, log } = options;
  const progress = openProgress({ fleet, log, onSettled: (endpoint, name) => void retire(endpoint, name) });
  let last: Promise<unknown> = Promise.resolve();
  /** One change after another: two at once would apply in one order and be kept in the other. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };

  async function need(name: string): Promise<DesiredEndpoint> {
    const found = await desired.endpoint(name);
    if (found) return found;
    const names = (await desired.endpoints()).map(({ spec }) => spec.name);
    throw new FlowsteadError("NotFound", `There is no endpoint "${name}". There is: ${names.join(", ") || "none"}.`);
  }

  async function needDeployment(endpoint: string, name: string): Promise<DesiredDeployment> {
    await need(endpoint);
    const all = await desired.deployments(endpoint);
    const found = all.find(({ spec }) => spec.name === name);
    if (found) return found;
    const names = all.map(({ spec }) => spec.name).join(", ") || "none";
    throw new FlowsteadError("NotFound", `Endpoint "${endpoint}" has no deployment "${name}". It has: ${names}.`);
  }

  /** Brings what runs to what is desired of one endpoint. A deployment that cannot begin has failed; the others go on. */
  async function bringUp(
    name: string,
    changed: { deployment?: string; state: "Creating" | "Updating" },
  ): Promise<void> {
    const endpoint = await need(name);
    onEndpoint?.(endpoint);
    if (!fleet) return;
    const specs = (await desired.deployments(name)).map(({ spec }) => spec);
    let problem: string | undefined;
    try {
      fleet.apply(endpoint.spec, specs);
    } catch (thrown) {
      problem = FlowsteadError.from(thrown).message;
      log.warn({ endpoint: name, problem }, "desired state could not be brought up");
    }
    for (const spec of specs) {
      if (changed.deployment !== undefined && spec.name !== changed.deployment) continue;
      progress.follow(name, spec.name, { state: changed.state, whyNot: problem });
    }
  }

  /** What ran before is leaving: its files are needed for as long as its calls may go on. */
  async function retire(endpoint: string, name: string): Promise<void> {
    const found = (await desired.deployments(endpoint)).find(({ spec }) => spec.name === name);
    if (found) snapshots.keepOnly(found.spec, found.spec.requestSettings.requestTimeoutMs);
  }

  /** With the state of the flow's files of now, which are kept. */
  async function asItIs(spec: DeploymentSpec): Promise<DeploymentSpec> {
    const { flowDigest: _before, ...now } = spec;
    const digest = await snapshots.take(now);
    return digest === undefined ? now : { ...now, flowDigest: digest };
  }

  const toRecord = ({ spec, createdAt, updatedAt }: DesiredEndpoint): EndpointRecord => {
    return { spec, createdAt, updatedAt, state: fleet ? "Succeeded" : "Stopped" };
  };
  const toDeploymentRecord = ({ spec, createdAt, updatedAt }: DesiredDeployment): DeploymentRecord => {
    return { spec, createdAt, updatedAt, ...progress.of(spec.endpointName, spec.name) };
  };

  return {
    endpoints: async () => (await desired.endpoints()).map(toRecord),
    endpoint: async (name) => toRecord(await need(name)),
    putEndpoint: (spec, keys) =>
      inTurn(async () => {
        const old = await desired.endpoint(spec.name);
        if (!old && (await desired.endpoints()).length >= MOST_ENDPOINTS) throw tooMany("endpoints", MOST_ENDPOINTS);
        const names = new Set((await desired.deployments(spec.name)).map(({ spec: { name } }) => name));
        if (old) checkShares(spec, old.spec, names);
        if (await desired.saveEndpoint(spec, old ? {} : { secrets: newSecrets(keys) }))
          await bringUp(spec.name, { deployment: "", state: "Updating" });
        return toRecord(await need(spec.name));
      }),
    deleteEndpoint: (name) =>
      inTurn(async () => {
        if (!(await desired.endpoint(name))) return false;
        const gone = await desired.deployments(name);
        await desired.removeEndpoint(name);
        await fleet?.remove(name);
        for (const { spec } of gone) snapshots.keepOnly({ endpointName: name, name: spec.name }, 0);
        progress.forget(name);
        return true;
      }),
    keys: async (name) => {
      const { primaryKey, secondaryKey } = (await need(name)).secrets;
      return { primaryKey, secondaryKey };
    },
    regenerateKey: (name, which, value = secretToken()) =>
      inTurn(async () => {
        if (value.length < 20) throw new FlowsteadError("InvalidRequest", "A key needs at least 20 characters.");
        const { spec, secrets } = await need(name);
        const next = { ...secrets, [which === "primary" ? "primaryKey" : "secondaryKey"]: value };
        await desired.saveEndpoint(spec, { secrets: next });
        onEndpoint?.(await need(name));
        return { primaryKey: next.primaryKey, secondaryKey: next.secondaryKey };
      }),
    token: async (name) => {
      const { spec, secrets } = await need(name);
      if (spec.authMode === "aml_token") return issueToken(name, secrets.tokenSecret);
      throw new FlowsteadError(
        "Conflict",
        `Endpoint "${name}" has auth_mode ${spec.authMode}; tokens are for aml_token.`,
      );
    },
    deployments: async (endpoint) => {
      await need(endpoint);
      return (await desired.deployments(endpoint)).map(toDeploymentRecord);
    },
    deployment: async (endpoint, name) => toDeploymentRecord(await needDeployment(endpoint, name)),
    putDeployment: (spec) =>
      inTurn(async () => {
        await need(spec.endpointName);
        const all = await desired.deployments(spec.endpointName);
        const isNew = !all.some((one) => one.spec.name === spec.name);
        if (isNew && all.length >= MOST_DEPLOYMENTS) throw tooMany("deployments of one endpoint", MOST_DEPLOYMENTS);
        if (await desired.saveDeployment(await asItIs(spec))) {
          await bringUp(spec.endpointName, { deployment: spec.name, state: isNew ? "Creating" : "Updating" });
        }
        return toDeploymentRecord(await needDeployment(spec.endpointName, spec.name));
      }),
    deleteDeployment: (endpoint, name) =>
      inTurn(async () => {
        const { spec } = await need(endpoint);
        const all = await desired.deployments(endpoint);
        const old = all.find((one) => one.spec.name === name);
        if (!old) return false;
        checkUnused(spec, name);
        await desired.removeDeployment(endpoint, name);
        progress.forget(endpoint, name);
        await bringUp(endpoint, { deployment: "", state: "Updating" });
        snapshots.keepOnly({ endpointName: endpoint, name }, old.spec.requestSettings.requestTimeoutMs);
        return true;
      }),
    settled: (endpoint, deployment) => progress.done(endpoint, deployment),
    resume: () =>
      inTurn(async () => {
        const endpoints = await desired.endpoints();
        for (const { spec, configured } of endpoints) {
          for (const { spec: one } of await desired.deployments(spec.name)) {
            // A start applies the configuration, and with it the files of now; all else is as it was applied.
            if (one.name === configuredName(configured) || !snapshots.has(one)) {
              await desired.saveDeployment(await asItIs(one));
            }
          }
        }
        const all = await Promise.all(endpoints.map(({ spec }) => desired.deployments(spec.name)));
        await snapshots.sweep(all.flat().map(({ spec }) => spec));
        for (const { spec } of endpoints) await bringUp(spec.name, { state: "Creating" });
      }),
    close: () => {
      progress.close();
      snapshots.close();
    },
  };
}

/** The deployment that the configuration file describes, of the endpoint that it describes. */
function configuredName(configured: string | null): unknown {
  return configured === null ? undefined : (JSON.parse(configured) as { name?: unknown }).name;
}
