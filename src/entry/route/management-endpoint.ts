import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { FlowsteadError } from "../../base/error/error.ts";
import { endpointFromArm, endpointToArm } from "../../endpoint/control/arm-endpoint.ts";
import { mapOf, present } from "../../endpoint/control/arm-json.ts";
import type { KeyPair } from "../../endpoint/key.ts";
import type { EndpointSpec } from "../../endpoint/specification/endpoint-spec.ts";
import { refuseIfAny } from "../../endpoint/specification/finding.ts";
import { readSpecification } from "../../endpoint/specification/read-specification.ts";
import { spellShares } from "./management-name.ts";
import { type ManagementContext, WORKSPACE, announce, merged, ordered, page, placeOf } from "./management-reply.ts";

type Of = { Params: { endpoint: string } };

const ALL = `${WORKSPACE}/onlineEndpoints`;
const ONE = `${ALL}/:endpoint`;
const COMPUTE = { managed: "managed", kubernetes: "kubernetes" } as const;
const initialKeys = z.object({ primaryKey: z.string().min(20).nullish(), secondaryKey: z.string().min(20).nullish() });
const keyRequest = z.object({
  keyType: z
    .string()
    .toLowerCase()
    .pipe(z.enum(["primary", "secondary"])),
  keyValue: z.string().nullish(),
});

export function endpointRoutes(app: FastifyInstance, { control, operations }: ManagementContext): void {
  const now = (request: FastifyRequest<Of>) => async (): Promise<object> =>
    endpointToArm(await control.endpoint(request.params.endpoint), placeOf(request));

  app.get(ALL, async (request) => {
    const query = request.query as Record<string, string | undefined>;
    const records = (await control.endpoints()).filter(({ spec }) => isAsked(spec, query));
    return page(
      request,
      ordered(records, query["orderBy"]).map((record) => endpointToArm(record, placeOf(request))),
    );
  });
  app.get<Of>(ONE, async (request) => {
    return endpointToArm(await control.endpoint(request.params.endpoint), placeOf(request));
  });
  app.put<Of>(ONE, async (request, reply) => {
    const { endpoint: name } = request.params;
    const spec = await spellShares(control, read(name, request.body));
    const isNew = !(await control.endpoints()).some((record) => record.spec.name === name);
    const record = await control.putEndpoint(spec, keysIn(request.body));
    announce(request, reply, operations.begin(Promise.resolve(), now(request)));
    return reply.code(isNew ? 201 : 200).send(endpointToArm(record, placeOf(request)));
  });
  app.patch<Of>(ONE, async (request, reply) => {
    const { endpoint: name } = request.params;
    const place = placeOf(request);
    const old = endpointToArm(await control.endpoint(name), place);
    const record = await control.putEndpoint(await spellShares(control, read(name, merged(old, request.body))));
    announce(request, reply, operations.begin(Promise.resolve(), now(request)));
    return reply.code(200).send(endpointToArm(record, place));
  });
  app.delete<Of>(ONE, async (request, reply) => {
    const { endpoint: name } = request.params;
    if (!(await control.endpoints()).some((record) => record.spec.name === name)) return reply.code(204).send();
    announce(request, reply, operations.begin(control.deleteEndpoint(name)));
    return reply.code(202).send();
  });
  app.post<Of>(`${ONE}/listKeys`, async (request) => control.keys(request.params.endpoint));
  app.post<Of>(`${ONE}/token`, async (request) => control.token(request.params.endpoint));
  app.post<Of>(`${ONE}/regenerateKeys`, async (request, reply) => {
    const asked = keyRequest.safeParse(request.body);
    if (!asked.success) throw new FlowsteadError("InvalidRequest", z.prettifyError(asked.error));
    const { keyType, keyValue } = asked.data;
    await control.regenerateKey(request.params.endpoint, keyType, keyValue ?? undefined);
    announce(request, reply, operations.begin(Promise.resolve()));
    return reply.code(202).send();
  });
}

function read(name: string, body: unknown): EndpointSpec {
  const result = readSpecification(endpointFromArm(name, body), `endpoint ${name}`);
  refuseIfAny(result.findings);
  return result.spec as EndpointSpec;
}

/** Keys that a new endpoint is to have; they are never shown but by listKeys. */
function keysIn(body: unknown): Partial<KeyPair> {
  const asked = initialKeys.safeParse(mapOf(mapOf(mapOf(body)["properties"])["keys"]));
  if (!asked.success) throw new FlowsteadError("InvalidRequest", `keys: ${z.prettifyError(asked.error)}`);
  return present(asked.data) as Partial<KeyPair>;
}

/** The filters of the list: a name, and `tags` or `properties` as `key=value` with commas between. */
function isAsked(spec: EndpointSpec, query: Record<string, string | undefined>): boolean {
  const holds = (has: Readonly<Record<string, string>>, asked: string | undefined): boolean =>
    (asked ?? "")
      .split(",")
      .filter(Boolean)
      .every((pair) => {
        const [key = "", value] = pair.split("=", 2);
        return value === undefined ? has[key] !== undefined : has[key] === value;
      });
  const compute = query["computeType"]?.toLowerCase();
  if (compute && COMPUTE[compute as keyof typeof COMPUTE] !== spec.kind) return false;
  if (query["name"] && query["name"] !== spec.name) return false;
  return holds(spec.tags, query["tags"]) && holds(spec.properties, query["properties"]);
}
