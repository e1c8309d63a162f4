// The control plane in ARM's shape, so that clients made for the original manage endpoints here. Subscription, resource group
// and workspace may have any name: there is one set of endpoints.

import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { FlowsteadError } from "../../base/error/error.ts";
import type { OnlineControl } from "../../endpoint/control/online-control.ts";
import { openOperations } from "../../endpoint/control/operation.ts";
import type { Journal } from "../../endpoint/log/journal.ts";
import { allowEmptyJson } from "../json-body.ts";
import { deploymentRoutes } from "./management-deployment.ts";
import { endpointRoutes } from "./management-endpoint.ts";
import { spellNames } from "./management-name.ts";
import { armError, operationRoutes } from "./management-reply.ts";

export interface ManagementOptions {
  control: OnlineControl;
  journal: Journal;
  /** Only the owner can read it, from the state folder. */
  token: string;
}

export async function managementRoutes(root: FastifyInstance, options: ManagementOptions): Promise<void> {
  const operations = openOperations();
  await root.register(async (app) => {
    allowEmptyJson(app);
    app.addHook("onRequest", ownerOnly(options.token));
    app.addHook("preHandler", async (request) => spellNames(options.control, request));
    app.setErrorHandler((thrown, request, reply) => {
      const error = FlowsteadError.from(thrown);
      if (error.code === "Unexpected") request.log.error({ err: thrown }, "management request failed");
      return armError(thrown, reply);
    });
    endpointRoutes(app, { ...options, operations });
    deploymentRoutes(app, { ...options, operations });
    operationRoutes(app, operations);
  });
}

function ownerOnly(token: string): (request: FastifyRequest) => Promise<void> {
  const wanted = Buffer.from(`Bearer ${token}`);
  return async (request) => {
    const given = Buffer.from(request.headers.authorization ?? "");
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new FlowsteadError(
        "Unauthorized",
        "This is for the owner of the system: send the token of running.json in the state folder as a bearer token.",
      );
    }
    // As the original does, so that a client that leaves it out fails here and not there.
    if (!(request.query as Record<string, unknown>)["api-version"]) {
      throw new FlowsteadError(
        "InvalidRequest",
        "The api-version query parameter (?api-version=) is required for all requests.",
      );
    }
  };
}
