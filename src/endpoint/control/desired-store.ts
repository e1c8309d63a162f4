// The desired state in the record store: what endpoints and deployments there should be, in the keys of their YAML.

import type { Kysely } from "kysely";
import { stringifyJson } from "../../base/json.ts";
import type { RecordStore } from "../../store/record-store.ts";
import type { DeploymentSpec } from "../specification/deployment-spec.ts";
import type { EndpointSpec } from "../specification/endpoint-spec.ts";
import { readSpecification } from "../specification/read-specification.ts";
import { type PlainMap, writeDeployment, writeEndpoint } from "../specification/write-specification.ts";
import { type EndpointSecrets, newSecrets, sealSecrets, unsealSecrets } from "./endpoint-secret.ts";
import { CONTROL_MIGRATIONS } from "./migration.ts";
import type { ControlSchema, OnlineDeploymentTable, OnlineEndpointTable } from "./schema.ts";

export interface DesiredEndpoint {
  spec: EndpointSpec;
  secrets: EndpointSecrets;
  hashes: { primary: Buffer; secondary: Buffer };
  configured: string | null;
  createdAt: number;
  updatedAt: number;
}

export interface DesiredDeployment {
  spec: DeploymentSpec;
  createdAt: number;
  updatedAt: number;
}

export interface DesiredStore {
  endpoints(): Promise<DesiredEndpoint[]>;
  endpoint(name: string): Promise<DesiredEndpoint | undefined>;
  /** In the order of their names. */
  deployments(endpoint: string): Promise<DesiredDeployment[]>;
  /** @returns whether anything changed; the same again changes nothing. */
  saveEndpoint(spec: EndpointSpec, how?: { secrets?: EndpointSecrets; configured?: string }): Promise<boolean>;
  saveDeployment(spec: DeploymentSpec): Promise<boolean>;
  /** With its deployments. */
  removeEndpoint(name: string): Promise<void>;
  removeDeployment(endpoint: string, name: string): Promise<void>;
}

/** @param key seals the endpoints' keys */
export async function openDesiredStore(store: RecordStore, key: Buffer): Promise<DesiredStore> {
  await store.migrate("online endpoint", CONTROL_MIGRATIONS);
  const tables = store.tables<ControlSchema>();
  const write = <Result>(work: (db: Kysely<ControlSchema>) => Promise<Result>): Promise<Result> =>
    store.write<ControlSchema, Result>(work);

  const toEndpoint = (row: OnlineEndpointTable): DesiredEndpoint => ({
    spec: specOf(row.spec, "endpoint") as EndpointSpec,
    secrets: unsealSecrets(row.name, row.sealed, key),
    hashes: { primary: Buffer.from(row.primary_hash, "hex"), secondary: Buffer.from(row.secondary_hash, "hex") },
    configured: row.configured,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  });

  return {
    async endpoints() {
      const rows = await tables.selectFrom("online_endpoint").selectAll().orderBy("name").execute();
      return rows.map(toEndpoint);
    },
    async endpoint(name) {
      const row = await tables.selectFrom("online_endpoint").selectAll().where("name", "=", name).executeTakeFirst();
      return row && toEndpoint(row);
    },
    async deployments(endpoint) {
      const rows = await tables
        .selectFrom("online_deployment")
        .selectAll()
        .where("endpoint_name", "=", endpoint)
        .orderBy("name")
        .execute();
      return rows.map(toDeployment);
    },
    saveEndpoint: (spec, { secrets, configured } = {}) =>
      write(async (db) => {
        const text = textOf(writeEndpoint(spec));
        const now = Date.now();
        const old = await db.selectFrom("online_endpoint").selectAll().where("name", "=", spec.name).executeTakeFirst();
        if (!old) {
          const sealed = sealSecrets(spec.name, secrets ?? newSecrets(), key);
          const times = { created_at: now, updated_at: now };
          await db
            .insertInto("online_endpoint")
            .values({ name: spec.name, spec: text, ...sealed, configured: configured ?? null, ...times })
            .execute();
          return true;
        }
        const isSame = old.spec === text && secrets === undefined;
        if (isSame && (configured === undefined || configured === old.configured)) return false;
        await db
          .updateTable("online_endpoint")
          .set({
            spec: text,
            ...(secrets ? sealSecrets(spec.name, secrets, key) : {}),
            ...(configured === undefined ? {} : { configured }),
            updated_at: now,
          })
          .where("name", "=", spec.name)
          .execute();
        return true;
      }),
    saveDeployment: (spec) =>
      write(async (db) => {
        const text = textOf(writeDeployment(spec));
        const now = Date.now();
        const { endpointName: endpoint_name, name, flowDigest: flow_digest = null } = spec;
        const old = await db
          .selectFrom("online_deployment")
          .select(["spec", "flow_digest"])
          .where("endpoint_name", "=", endpoint_name)
          .where("name", "=", name)
          .executeTakeFirst();
        if (old?.spec === text && old.flow_digest === flow_digest) return false;
        await db
          .insertInto("online_deployment")
          .values({ endpoint_name, name, spec: text, flow_digest, created_at: now, updated_at: now })
          .onConflict((conflict) =>
            conflict.columns(["endpoint_name", "name"]).doUpdateSet({ spec: text, flow_digest, updated_at: now }),
          )
          .execute();
        return true;
      }),
    removeEndpoint: (name) =>
      write(async (db) => {
        await db.deleteFrom("online_endpoint").where("name", "=", name).execute();
      }),
    removeDeployment: (endpoint, name) =>
      write(async (db) => {
        await db
          .deleteFrom("online_deployment")
          .where("endpoint_name", "=", endpoint)
          .where("name", "=", name)
          .execute();
      }),
  };
}

function toDeployment(row: OnlineDeploymentTable): DesiredDeployment {
  const spec = specOf(row.spec, "deployment") as DeploymentSpec;
  const flow = row.flow_digest === null ? {} : { flowDigest: row.flow_digest };
  return { spec: { ...spec, ...flow }, createdAt: row.created_at, updatedAt: row.updated_at };
}

/** What was accepted stays accepted: a flow's folder that is gone is the driver's to complain about. */
function specOf(text: string, name: string): EndpointSpec | DeploymentSpec {
  return readSpecification(JSON.parse(text) as PlainMap, name, { accepted: true }).spec;
}

function textOf(map: PlainMap): string {
  return stringifyJson(map);
}
