// The one file that knows every part: a configuration in, the running system out.

import { rm } from "node:fs/promises";
import path from "node:path";
import { type IndexingEvents, followDocuments, indexFirst, openDocuments } from "./app/document.ts";
import { openCertificate } from "./app/certificate.ts";
import { chatTarget } from "./app/chat-target.ts";
import { lendResources, openModelGateway } from "./app/model-gateway.ts";
import { openOnline } from "./app/online.ts";
import { type ModelFacts, exampleQuestions, modelFacts } from "./app/page-fact.ts";
import { searchServer } from "./app/search-server.ts";
import { searchRights, searchViewer } from "./app/search-viewer.ts";
import { poolSettings } from "./app/pool-setting.ts";
import { openConfiguredEmbedder, openResources } from "./app/resources.ts";
import { secretToken } from "./base/id.ts";
import type { Logger } from "./base/log.ts";
import { packageRoot } from "./base/package-root.ts";
import { version } from "./base/version.ts";
import { openChat } from "./chat/chat.ts";
import { childEnvironment, engineEnvironment } from "./config/child-environment.ts";
import { documentFolder, keyFolder } from "./config/folder.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { resolveSecrets } from "./config/secret.ts";
import { configuredRegions } from "./endpoint/configured.ts";
import type { OnlineEndpoint } from "./endpoint/endpoint.ts";
import { type Fleet, openFleet } from "./endpoint/fleet.ts";
import { endpointKeys, readKeys } from "./endpoint/key.ts";
import type { ClusterAddress } from "./endpoint/kubernetes/cluster.ts";
import { openRegions } from "./endpoint/region.ts";
import { openZones } from "./endpoint/zone.ts";
import { chatRoutes } from "./entry/route/chat.ts";
import { managementRoutes } from "./entry/route/management.ts";
import { controlRoutes } from "./entry/route/control.ts";
import { pageRoutes } from "./entry/route/page.ts";
import { followSearchKeys, searchKeys } from "./entry/route/search-key.ts";
import { searchRoutes } from "./entry/route/search.ts";
import { uploadRoutes } from "./entry/route/upload.ts";
import { statusRoutes } from "./entry/route/status.ts";
import { openEntry } from "./entry/server.ts";
import { openLedger } from "./gateway/ledger.ts";
import { withOwnData } from "./gateway/gateway.ts";
import { openGovernance } from "./gateway/open.ts";
import { ownDataFinder } from "./gateway/own-data-source.ts";
import { LOCAL_PRINCIPAL } from "./identity/provider/local.ts";
import { tracedTarget } from "./flow/traced.ts";
import type { BalancedModel } from "./model/balanced.ts";
import { openModelPools } from "./model/pools.ts";
import { embedderName, modelSettings } from "./model/provider/index.ts";
import { openCatalog } from "./search/document/catalog.ts";
import { openAnyIndex } from "./search/open-any.ts";
import { documentProvider } from "./search/provider/index.ts";
import type { SearchIndex } from "./search/search-index.ts";
import { surroundings } from "./search/surroundings.ts";
import { visibleIndex } from "./search/visible-index.ts";
import { writeFileAtomic } from "./store/atomic-file.ts";
import { lockState } from "./store/lock.ts";
import { openRecordStore } from "./store/provider/index.ts";
import { openRunFolder } from "./store/run-folder.ts";
import { makeStateFolder } from "./store/state-folder.ts";
import { telemetrySettings } from "./trace/settings.ts";
import { openTelemetry } from "./trace/telemetry.ts";

export interface App {
  readonly url: string;
  readonly endpoint: OnlineEndpoint;
  /** What the page says about the model. */
  readonly model: ModelFacts;
  /** What works less well than it is configured to at this moment, and what to do. */
  degraded(): { name: string; reason: string }[];
  /** Ends answers within the grace, then everything; nothing is left running. */
  close(graceMs: number): Promise<void>;
}

// Indexing goes on beside it: a busy machine needs this long.
const INSTANCE_START_MS = 75_000;

/** Starts everything. On failure, what had been started is ended before the error is thrown. */
export async function openApp(
  { config, env, portIsExplicit }: LoadedConfig,
  log: Logger,
  events: IndexingEvents = {},
): Promise<App> {
  const closers: ((graceMs: number) => unknown)[] = [];
  const close = async (graceMs: number): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of closers.splice(0).reverse()) {
      // One part that cannot be closed must not leave the others running.
      await Promise.resolve(graceMs)
        .then(end)
        .catch((thrown: unknown) => failures.push(thrown));
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    await makeStateFolder(config.home);
    const lock = await lockState(config.home);
    closers.push(() => lock.release());
    const runFolder = await openRunFolder();
    closers.push(() => rm(runFolder, { recursive: true, force: true }));

    const certificate = await openCertificate(config, log);
    closers.push(() => certificate?.close());

    const settings = telemetrySettings(config.telemetry, env);
    const telemetry = settings && openTelemetry(settings, log);
    closers.push((graceMs) => telemetry?.close(Math.min(graceMs, 2_000)));
    const store = await openRecordStore({ file: path.join(config.home, "flowstead.db") });
    closers.push(() => store.close());
    const pools = openModelPools(config.models.map(modelSettings), log, poolSettings(config));
    closers.push(() => Promise.all([...pools.values()].map((model) => model.close())));
    const governance = await openGovernance({
      config: config.gateway,
      pools,
      ledger: await openLedger(store, log),
      log,
    });
    closers.push(() => governance.close());
    const { models, govern } = governance;
    const bareEmbedder = await openConfiguredEmbedder(config, log);
    closers.push(() => bareEmbedder?.close());
    const embedder = bareEmbedder && governance.governEmbedder(bareEmbedder, embedderName(config.embedder ?? {}));
    const documents = await openDocuments(config, embedder, log, govern);
    closers.push(() => documents.index.close());
    documents.index.prepare?.();
    const person = { ...LOCAL_PRINCIPAL, groups: config.documents.groups };
    const readable = visibleIndex(documents.index, person.groups);
    const catalog = openCatalog(
      documentProvider({ folder: documentFolder(config), server: searchServer(config) }),
      embedder,
    );
    closers.push(() => catalog.close());
    const anyIndex = (of: string): Promise<SearchIndex> => openAnyIndex(of, documents.open, () => catalog);
    const resources = openResources(config, { env, log, models, embedder, openIndex: anyIndex, govern });
    closers.push(() => resources.close());
    const gateway = await openModelGateway(config, { governance, resources, embedder: bareEmbedder });
    closers.push(() => gateway.close());
    const lent = await lendResources(resources, { gateway, runFolder, log, readers: person.groups });
    closers.push(() => lent.close());

    const controlToken = secretToken();
    const zones = openZones(config.endpoint.zones);
    const { name } = config.endpoint;
    const online = await openOnline(config, { store, log });
    closers.push(() => online.close());
    const fleet = openFleet({
      runFolder,
      resources: lent.addressFor,
      release: lent.release,
      python: config.python,
      version: version(),
      logLevel: config.log.level,
      instanceEnv: childEnvironment(env),
      secretOf: (written) => resolveSecrets(written, env, "flowstead.key") as string,
      zones,
      zone: config.endpoint.zone,
      engineEnv: engineEnvironment(env),
      cluster: clusterAddress(config),
      log,
      keysOf: (spec) => online.keysOf(spec.name),
      flowOf: online.flowOf,
      watch: (deployment, spec) => online.collected(tracedTarget(lent.attributed(deployment), telemetry), spec),
      journal: online.journal,
    });
    closers.push(() => fleet.close());
    const control = online.control(fleet);
    closers.push(() => control.close());
    await control.resume();
    const endpoint = fleet.endpoints.get(name) as OnlineEndpoint;

    for (const entry of config.regional_endpoints) {
      const regions = configuredRegions(entry, fleet.endpoints);
      const regionKeys = endpointKeys(regions.name, await readKeys(keyFolder(config), regions.name));
      fleet.adopt(openRegions({ ...regions, keys: regionKeys, log }));
    }

    const indexed = indexFirst(config, documents, events);
    const started = endpoint.deployments.get(config.endpoint.deployment)?.ready(INSTANCE_START_MS);
    await Promise.all([indexed, started]);
    closers.push(followDocuments(config, documents, log));

    const chat = await openChat({ store, target: chatTarget(config, fleet.endpoints), log, telemetry });

    const serviceKeys = searchKeys(await followSearchKeys(keyFolder(config)), searchRights(config));

    const model = modelFacts(config, models);
    const entry = await openEntry({
      host: config.host,
      port: config.port,
      findPort: !portIsExplicit,
      certificate,
      hosts: config.hosts,
      endpoints: fleet.endpoints,
      gateway: withOwnData(
        gateway,
        ownDataFinder({ catalog: () => catalog, passages: documents.open, accepts: serviceKeys.accepts }),
      ),
      meter: telemetry?.meter,
      journal: online.journal,
      version: version(),
      log,
      mount: async (app) => {
        await app.register(statusRoutes, {
          version: version(),
          notReady: () => notReady(fleet, models),
          degraded: governance.degraded,
        });
        await app.register(controlRoutes, { zones, fleet, token: controlToken });
        await app.register(managementRoutes, { control, journal: online.journal, token: controlToken });
        await app.register(chatRoutes, {
          chat,
          principalOf: () => person,
          session: async () => {
            const { documents: count } = await readable.statistics();
            return { title: config.chat.title, model, examples: exampleQuestions(config), documents: count };
          },
          surroundings: (passageId, signal) => surroundings(readable, passageId, { count: 2, signal }),
        });
        await app.register(searchRoutes, { catalog, keys: serviceKeys, person: searchViewer(config) });
        await app.register(uploadRoutes, { uploads: documents.uploads, keys: serviceKeys });
        await app.register(pageRoutes, { folder: path.join(packageRoot(), "web/dist/chat") });
      },
    });
    closers.push((graceMs) => entry.close(graceMs));
    // First of all, so that answers end while their readers are still connected.
    closers.push((graceMs) => chat.close(graceMs));
    const announced = (): Promise<void> =>
      announce(config, { url: entry.url, token: controlToken, certificate: certificate?.pair.cert });
    certificate?.onChange(() => announced().catch((err: unknown) => log.error({ err }, "running.json not written")));
    await announced();
    closers.push(() => {
      certificate?.close();
      return rm(path.join(config.home, "running.json"), { force: true });
    });
    log.info({ url: entry.url }, "started");
    return { url: entry.url, endpoint, model, degraded: governance.degraded, close };
  } catch (thrown) {
    await close(0).catch((alsoThrown: unknown) => log.error({ err: alsoThrown }, "closing after a failed start"));
    throw thrown;
  }
}

function clusterAddress({ kubernetes }: Readonly<Config>): ClusterAddress | undefined {
  if (!kubernetes) return undefined;
  const { url, namespace, token, token_file: tokenFile, ca_file: caFile } = kubernetes;
  return { url, namespace, token, tokenFile, caFile };
}

function notReady(fleet: Fleet, models: ReadonlyMap<string, BalancedModel>): { name: string; reason: string }[] {
  const missing = fleet
    .status()
    // Regions elsewhere that are out are what the others are for.
    .flatMap(({ deployments }) => deployments.filter(({ driver }) => driver !== "remote"))
    .flatMap(({ instances }) => instances)
    .filter(({ state }) => state !== "ready")
    .map(({ name, state, problem }) => ({ name: `instance ${name}`, reason: problem ?? state }));
  for (const [name, { pool }] of models) {
    if (pool.members.some((member) => member.status() === "available")) continue;
    missing.push({
      name: `model ${name}`,
      reason: pool.members[0]?.lastFailure?.message ?? "no member may be used now",
    });
  }
  return missing;
}

interface Whereabouts {
  url: string;
  token: string;
  /** What the server shows over TLS, so that commands accept it and no other. */
  certificate: string | undefined;
}

/** Tells other processes of this person where the system is, and how to show that they are this person's. */
async function announce({ home }: Readonly<Config>, where: Whereabouts): Promise<void> {
  const text = `${JSON.stringify({ pid: process.pid, ...where })}\n`;
  await writeFileAtomic(path.join(home, "running.json"), text, 0o600);
}
