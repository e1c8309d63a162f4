import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { deploymentFromArm, deploymentToArm } from "../../endpoint/control/arm-deployment.ts";
import type { DeploymentSpec } from "../../endpoint/specification/deployment-spec.ts";
import { refuseIfAny } from "../../endpoint/specification/finding.ts";
import { readSpecification } from "../../endpoint/specification/read-specification.ts";
import { type ManagementContext, WORKSPACE, announce, merged, ordered, page, placeOf } from "./management-reply.ts";

type Params = { endpoint: string; deployment: string };
type Of = { Params: Params };

const ALL = `${WORKSPACE}/onlineEndpoints/:endpoint/deployments`;
const ONE = `${ALL}/:deployment`;
/** What the original's command line asks for when it is not told. */
const LOG_LINES = 5_000;
const logRequest = z.object({
  containerType: z
    .string()
    .toLowerCase()
    .pipe(z.enum(["inferenceserver", "storageinitializer"]))
    .nullish(),
  tail: z.int().min(1).max(100_000).nullish(),
});

export function deploymentRoutes(app: FastifyInstance, { control, journal, operations }: ManagementContext): void {
  const has = async ({ endpoint, deployment }: Params): Promise<boolean> =>
    (await control.deployments(endpoint)).some(({ spec }) => spec.name === deployment);

  async function put(request: FastifyRequest<Of>, reply: FastifyReply, body: unknown): Promise<FastifyReply> {
    const isNew = !(await has(request.params));
    const { endpoint, deployment } = request.params;
    const record = await control.putDeployment(read(request.params, body));
    const now = async (): Promise<object> =>
      deploymentToArm(await control.deployment(endpoint, deployment), placeOf(request));
    announce(request, reply, operations.begin(settled(request.params), now));
    return reply.code(isNew ? 201 : 200).send(deploymentToArm(record, placeOf(request)));
  }

  async function settled({ endpoint, deployment }: Params): Promise<void> {
    const { state, problem } = await control.settled(endpoint, deployment);
    if (state === "Failed") throw new FlowsteadError("InstanceUnavailable", problem ?? "The deployment did not start.");
  }

  app.get<Of>(ALL, async (request) => {
    const query = request.query as Record<string, string | undefined>;
    const records = await control.deployments(request.params.endpoint);
    return page(
      request,
      ordered(records, query["$orderBy"]).map((record) => deploymentToArm(record, placeOf(request))),
    );
  });
  app.get<Of>(ONE, async (request) => {
    const { endpoint, deployment } = request.params;
    return deploymentToArm(await control.deployment(endpoint, deployment), placeOf(request));
  });
  app.put<Of>(ONE, async (request, reply) => put(request, reply, request.body));
  app.patch<Of>(ONE, async (request, reply) => {
    const { endpoint, deployment } = request.params;
    const old = deploymentToArm(await control.deployment(endpoint, deployment), placeOf(request));
    return put(request, reply, merged(old, request.body));
  });
  app.delete<Of>(ONE, async (request, reply) => {
    const { endpoint, deployment } = request.params;
    if (!(await has(request.params))) return reply.code(204).send();
    // A refusal is told at once: the original does not begin an operation either.
    await control.deleteDeployment(endpoint, deployment);
    announce(request, reply, operations.begin(Promise.resolve()));
    return reply.code(202).send();
  });
  app.post<Of>(`${ONE}/getLogs`, async (request) => {
    const { endpoint, deployment } = request.params;
    await control.deployment(endpoint, deployment);
    const asked = logRequest.safeParse(request.body ?? {});
    if (!asked.success) throw new FlowsteadError("InvalidRequest", z.prettifyError(asked.error));
    const container = asked.data.containerType === "storageinitializer" ? "storage-initializer" : "inference-server";
    const lines = asked.data.tail ?? LOG_LINES;
    return { content: await journal.text({ endpoint, deployment }, { lines, container }) };
  });
  app.get<Of>(`${ONE}/skus`, async (request) => {
    const { spec } = await control.deployment(request.params.endpoint, request.params.deployment);
    const scale = spec.scaleSettings;
    const bounds =
      scale.type === "default"
        ? { minimum: 1, maximum: 50 }
        : { minimum: scale.minInstances, maximum: scale.maxInstances };
    return page(request, [
      {
        resourceType: "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
        sku: { name: "Default", tier: "Standard" },
        capacity: {
          ...bounds,
          default: spec.instanceCount,
          scaleType: scale.type === "default" ? "Manual" : "Automatic",
        },
      },
    ]);
  });
}

function read({ endpoint, deployment: name }: Params, body: unknown): DeploymentSpec {
  const result = readSpecification(deploymentFromArm({ endpoint, name }, body), `deployment ${name}`);
  refuseIfAny(result.findings);
  return result.spec as DeploymentSpec;
}
