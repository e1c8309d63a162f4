import type { ErrorRow } from "./row.ts";

export const CHAT_ERRORS = {
  StoreLocked: {
    actor: "operator",
    status: 503,
    retryable: true,
    meaning: "Another program holds the database.",
    remedy: "Close the program that has the database file open.",
  },
  StoreFull: {
    actor: "operator",
    status: 507,
    meaning: "There is no room on the disk for what should be saved.",
    remedy: "Free disk space; what was saved before is kept.",
  },
  StoreDamaged: {
    actor: "operator",
    status: 500,
    meaning: "The database file is broken or is no database.",
    remedy: "Put a backup in its place, or move the file away to start empty.",
  },
  StoreUnavailable: {
    actor: "operator",
    status: 503,
    meaning: "The database file cannot be opened or written.",
    remedy: "Check the path, that the folder exists and that this user may write there.",
  },
  StoreTooNew: {
    actor: "operator",
    status: 500,
    meaning: "A newer version has changed the tables.",
    remedy: "Start the version that wrote the state folder, or use another folder.",
  },
  RunActive: {
    actor: "caller",
    status: 409,
    meaning: "The conversation is still being answered.",
    remedy: "Wait for the answer, or stop it first.",
  },
  NotAChatFlow: {
    actor: "author",
    status: 422,
    meaning: "The flow has no input for a question or no output for an answer.",
    remedy: "Mark one input with is_chat_input and one output with is_chat_output in flow.dag.yaml.",
  },
} satisfies Record<string, ErrorRow>;
