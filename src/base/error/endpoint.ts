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
  RequestTimeout: {
    actor: "author",
    status: 408,
    meaning: "The flow took longer than request_timeout_ms.",
    remedy: "Raise request_timeout_ms or make the flow faster.",
  },
  NotAcceptable: {
    actor: "caller",
    status: 406,
    meaning: "The Accept header names no media type that the flow can answer with.",
    remedy: "Send `Accept: application/json`, or `text/event-stream` for a flow that streams.",
  },
} satisfies Record<string, ErrorRow>;
