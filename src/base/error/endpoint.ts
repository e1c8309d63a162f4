import type { ErrorRow } from "./row.ts";

export const ENDPOINT_ERRORS = {
  NoTraffic: {
    actor: "operator",
    status: 404,
    meaning: "The endpoint has no deployment with traffic.",
    remedy: "Give a deployment traffic, or pin one with the azureml-model-deployment header.",
  },
  InstanceUnavailable: {
    actor: "operator",
    status: 503,
    retryable: true,
    meaning: "No instance could take the call.",
    remedy: "Wait for an instance to become ready; `flowstead doctor` and GET /readyz name what is not.",
  },
  InstanceLost: {
    actor: "operator",
    status: 502,
    retryable: true,
    meaning: "The instance that worked on the call ended before its answer.",
    remedy: "Ask again; if it recurs, look at the instance's log.",
  },
  ClusterFailed: {
    actor: "operator",
    status: 502,
    meaning: "The Kubernetes cluster refused a call or cannot be reached.",
    remedy: "Look at the message; check the cluster's address, its token and what the token may do.",
  },
  RemoteFlowFailed: {
    actor: "author",
    status: 424,
    meaning: "The flow of a remote endpoint failed; the status is the one that its server gave.",
    remedy: "Look at the message and at the remote deployment's log.",
  },
  RequestTimeout: {
    actor: "author",
    status: 408,
    meaning: "The flow took longer than request_timeout_ms.",
    remedy: "Raise request_timeout_ms or make the flow faster.",
  },
  MissingRequiredFlowInput: {
    actor: "caller",
    status: 400,
    meaning: "The request leaves out an input of the flow that has no default.",
    remedy: "Send every input that the message names; /swagger.json lists them.",
    chain: "UserError/MissingRequiredFlowInput",
  },
  JsonPayloadRequiredForMultipleInputFields: {
    actor: "caller",
    status: 400,
    meaning: "The body is plain text, but the flow has more than one input.",
    remedy: "Send a JSON object whose keys are the flow's inputs.",
    chain: "UserError/BadRequest/JsonPayloadRequiredForMultipleInputFields",
  },
  MultipleStreamOutputFieldsNotSupported: {
    actor: "author",
    status: 400,
    meaning: "More than one output of the flow streams.",
    remedy: "Let only one output refer to a streaming node.",
    chain: "UserError/MultipleStreamOutputFieldsNotSupported",
  },
  NotAcceptable: {
    actor: "caller",
    status: 406,
    meaning: "The Accept header names no media type that the flow can answer with.",
    remedy: "Send `Accept: application/json`, or `text/event-stream` for a flow that streams.",
  },
  InvalidSpecification: {
    actor: "author",
    status: 400,
    meaning: "An endpoint or deployment file has something that cannot be honoured.",
    remedy: "Change what the message names with file and line.",
  },
  Conflict: {
    actor: "caller",
    status: 409,
    meaning: "The state of the thing named does not allow the change.",
    remedy: "Do first what the message says, then the change.",
  },
} satisfies Record<string, ErrorRow>;
