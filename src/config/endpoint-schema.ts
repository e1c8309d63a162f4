// Settings of online endpoints: of the one that serves the chat page, of clusters and of endpoints of endpoints.

import { z } from "zod";
import { poolMember } from "./model-schema.ts";

/** As the original has it for endpoints and deployments. It stands in headers and in names of sockets. */
export const endpointName = z
  .string()
  .regex(/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, "Use letters, digits and hyphens, beginning with a letter")
  .min(3)
  .max(32);

const seconds = z.number().positive().max(3600);

const probe = z
  .strictObject({
    initial_delay: z.number().min(0).max(3600).default(2).describe("Seconds from its start to the first probe."),
    period: seconds.default(2).describe("Seconds between probes."),
    timeout: seconds.default(2).describe("Seconds that an answer may take."),
    success_threshold: z.int().min(1).default(1).describe("Probes in a row that let an instance in."),
    failure_threshold: z.int().min(1).default(3).describe("Probes in a row that count as failed."),
  })
  .prefault({});

const requestTimeoutMs = z
  .int()
  .min(100)
  .max(300_000)
  .default(180_000)
  .describe("Longest time a call may take, in milliseconds.");

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "Write the time as HH:MM");

/** Where it is written is where it is to be changed. */
function mustNotBeLess(context: z.RefinementCtx, most: number, what: string): void {
  context.addIssue({
    code: "custom",
    path: ["max_instances"],
    message: `${most} is less than ${what}. Raise it, or lower the other`,
  });
}

const schedule = z
  .strictObject({
    days: z
      .array(z.enum(["sun", "mon", "tue", "wed", "thu", "fri", "sat"]))
      .default([])
      .describe("Days it begins on; every day when empty."),
    start: clock.describe("Local time."),
    end: clock.describe("Local time; a span whose end is before its start goes over midnight."),
    min_instances: z.int().min(1).max(50).describe("Instances at least."),
    max_instances: z.int().min(1).max(50).describe("Instances at most."),
  })
  .superRefine(({ min_instances: least, max_instances: most }, context) => {
    if (most < least) mustNotBeLess(context, most, `min_instances, which is ${least}`);
  });

const regionMember = z.strictObject({
  name: z.string().min(1).describe("Name in logs and states."),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Scoring URI of the remote endpoint, ending in /score."),
  key: z.string().min(1).optional().describe("Its key; `${env:NAME}` reads the environment."),
  endpoint: endpointName.optional().describe("Instead of a url: an endpoint of this system."),
  region: z.string().optional().describe("Where it runs, for logs and states."),
  ...poolMember,
});

export const regionalEndpoint = z.strictObject({
  name: endpointName.describe("Name of the endpoint that callers use."),
  members: z.array(regionMember).min(1).describe("The endpoints behind it."),
  probe: probe.describe(
    "Asks each remote member for its /swagger.json; one that fails is left out until it answers again.",
  ),
  request_timeout_ms: requestTimeoutMs,
  max_concurrent_requests_per_member: z
    .int()
    .min(1)
    .default(200)
    .describe("Calls per member; twice this times the members may be pending before callers get 429."),
});

export const endpointSchema = z
  .strictObject({
    name: endpointName.default("chat").describe("Name of the online endpoint."),
    deployment: endpointName.default("blue").describe("Name of its deployment."),
    flow: z.string().optional().describe("Folder of the flow to deploy; the shipped chat-with-docs when absent."),
    instances: z.int().min(1).max(50).default(3).describe("Flow instances, spread evenly over the zones."),
    zones: z.array(z.string().min(1)).min(1).default(["1", "2", "3"]).describe("Zone labels."),
    zone: z
      .string()
      .min(1)
      .optional()
      .describe("Zone of the router; instances there are preferred while they are not busier."),
    max_instances: z
      .int()
      .min(1)
      .max(50)
      .optional()
      .describe(
        "Scales between `instances` and this many, by calls in work; when absent, there are always `instances`.",
      ),
    target_utilization_percentage: z
      .int()
      .min(1)
      .max(100)
      .default(70)
      .describe("Calls in work over calls allowed, in percent, that scaling aims at."),
    schedules: z
      .array(schedule)
      .default([])
      .describe("Spans in which other bounds hold for scaling; the first that matches counts."),
    liveness_probe: probe.describe("An instance that fails it is ended and started anew."),
    readiness_probe: probe.describe("An instance that fails it takes no calls until it passes again."),
    request_timeout_ms: requestTimeoutMs,
    max_concurrent_requests_per_instance: z
      .int()
      .min(1)
      .default(50)
      .describe("Calls per instance; twice this times the instances may be pending before callers get 429."),
  })
  .superRefine(({ instances, max_instances: most, schedules }, context) => {
    if (most === undefined && schedules.length > 0)
      context.addIssue({
        code: "custom",
        path: ["schedules"],
        message: "there is no scaling without max_instances. Add it",
      });
    if (most !== undefined && most < instances)
      mustNotBeLess(context, most, `instances, which is ${instances} (3 where it is not said)`);
  })
  .prefault({});

export const kubernetesSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .describe("Address of the API server; in a pod, https://kubernetes.default.svc."),
    namespace: z.string().min(1).default("default").describe("Where deployments with the kubernetes driver run."),
    token_file: z
      .string()
      .optional()
      .describe(
        "File with the bearer token, read anew for every call; in a pod, /var/run/secrets/kubernetes.io/serviceaccount/token.",
      ),
    token: z.string().min(1).optional().describe("The token itself; best as `${env:NAME}`."),
    ca_file: z.string().optional().describe("Certificate authority of the API server, PEM."),
  })
  .optional()
  .describe("The cluster that runs deployments with the kubernetes driver.");
