import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import type { Fleet } from "../../endpoint/fleet.ts";
import type { Zones } from "../../endpoint/zone.ts";

export interface ControlOptions {
  zones: Zones;
  fleet: Fleet;
  /** Only its owner can read it, from the state folder. */
  token: string;
}

const zoneChange = z.strictObject({ up: z.boolean() });

/** What the owner of the running system may ask of it from the command line: what runs, and drills. */
export async function controlRoutes(app: FastifyInstance, { zones, fleet, token }: ControlOptions): Promise<void> {
  const check = async (request: FastifyRequest): Promise<void> => {
    const given = Buffer.from(request.headers.authorization ?? "");
    const wanted = Buffer.from(`Bearer ${token}`);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
    throw new FlowsteadError("Unauthorized", "This is for the owner of the system, whose command line has the token.");
  };
  const list = (): object => ({
    zones: zones.list().map(({ zone, isUp }) => ({ zone, up: isUp, instances: instancesIn(fleet, zone) })),
  });
  await app.register(
    async (control) => {
      control.addHook("onRequest", check);
      control.get("/status", async () => ({ endpoints: fleet.status() }));
      control.get("/zones", async () => list());
      control.post<{ Params: { zone: string } }>("/zones/:zone", async (request) => {
        const change = zoneChange.safeParse(request.body);
        if (!change.success) throw new FlowsteadError("InvalidRequest", z.prettifyError(change.error));
        zones.set(request.params.zone, change.data.up);
        return list();
      });
      control.post<{ Params: { endpoint: string; deployment: string } }>(
        "/endpoints/:endpoint/deployments/:deployment/restart",
        async (request, reply) => {
          fleet.restart(request.params.endpoint, request.params.deployment);
          return reply.code(202).send({});
        },
      );
    },
    { prefix: "/control" },
  );
}

function instancesIn(fleet: Fleet, zone: string): { ready: number; all: number } {
  const there = fleet
    .status()
    .flatMap(({ deployments }) => deployments.flatMap(({ instances }) => instances))
    .filter((instance) => instance.zone === zone);
  return { ready: there.filter(({ state }) => state === "ready").length, all: there.length };
}
