import type { ErrorRow } from "./row.ts";

export const GENERAL_ERRORS = {
  Unexpected: {
    actor: "operator",
    status: 500,
    meaning: "Something failed that should not be able to fail.",
    remedy: "Look for the request id in the log and report it as a bug.",
    chain: "SystemError/UnexpectedError",
  },
  Canceled: {
    actor: "caller",
    status: 499,
    meaning: "The work was stopped before it ended.",
    remedy: "Nothing, if you stopped it; otherwise ask again.",
  },
  InvalidJson: {
    actor: "caller",
    status: 400,
    meaning: "A text that should be JSON is not.",
    remedy: "Mend the text at the line and column that the message names.",
  },
  InvalidYaml: {
    actor: "author",
    status: 400,
    meaning: "A YAML file cannot be read.",
    remedy: "Mend the file at the line that the message names.",
  },
  InvalidRequest: {
    actor: "caller",
    status: 400,
    meaning: "A request has a missing or wrong part.",
    remedy: "Change the part that the message names.",
  },
  NotFound: {
    actor: "caller",
    status: 404,
    meaning: "The thing named does not exist, or you may not see it.",
    remedy: "Check the name.",
  },
  MethodNotAllowed: {
    actor: "caller",
    status: 405,
    meaning: "The path exists but not for this HTTP method.",
    remedy: "Use one of the methods in the Allow header.",
  },
  Unauthorized: {
    actor: "caller",
    status: 401,
    meaning: "The key or token is missing or wrong.",
    remedy: "Send `Authorization: Bearer <key>`; `flowstead online-endpoint get-credentials` prints the key.",
  },
  Forbidden: {
    actor: "caller",
    status: 403,
    meaning: "This caller may not do this.",
    remedy: "Use a principal with the right role, or open the page under its own address.",
  },
  PayloadTooLarge: {
    actor: "caller",
    status: 413,
    meaning: "The request body is larger than the limit.",
    remedy: "Send less, or raise the limit in the configuration.",
  },
  TooManyRequests: {
    actor: "caller",
    status: 429,
    retryable: true,
    meaning: "More requests are pending than may be.",
    remedy: "Wait as long as Retry-After says and ask again.",
  },
  InvalidConfig: {
    actor: "operator",
    status: 500,
    meaning: "The configuration has a missing or wrong value.",
    remedy: "Change the key that the message names in flowstead.yaml or the environment.",
  },
  PortInUse: {
    actor: "operator",
    status: 500,
    meaning: "Another program listens on the port already.",
    remedy: "Stop it, or choose another port with --port.",
  },
  StateLocked: {
    actor: "operator",
    status: 503,
    meaning: "Another process uses the state folder.",
    remedy: "Stop the other process, or choose another folder with --home.",
  },
  ShuttingDown: {
    actor: "operator",
    status: 503,
    retryable: true,
    meaning: "The process is stopping and takes no new work.",
    remedy: "Ask again in a moment.",
  },
  UsageError: {
    actor: "caller",
    status: 400,
    meaning: "A command was called with wrong words.",
    remedy: "See the command's --help.",
  },
} satisfies Record<string, ErrorRow>;
