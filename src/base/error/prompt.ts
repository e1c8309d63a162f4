import type { ErrorRow } from "./row.ts";

const VALIDATION = "UserError/ToolValidationError";

function row(name: string, meaning: string, remedy: string): ErrorRow {
  return { actor: "author", status: 400, meaning, remedy, chain: `${VALIDATION}/${name}` };
}

/** What is wrong with a prompt template or with the chat messages made from it. */
export const PROMPT_ERRORS = {
  JinjaTemplateError: row(
    "JinjaTemplateError",
    "A prompt template cannot be parsed or rendered.",
    "Mend the template at the line that the message names, or give it the input that it lacks.",
  ),
  ChatAPIInvalidRole: row(
    "ChatAPIInvalidRole",
    "A chat prompt has text that stands under no role.",
    "Begin the prompt with a line such as `system:` and put each message under a role line.",
  ),
  ChatAPIFunctionRoleInvalidFormat: row(
    "ChatAPIFunctionRoleInvalidFormat",
    "A function message in a chat prompt has no name.",
    "Write `name:`, the name, `content:` and the content under the `function:` line.",
  ),
  ChatAPIToolRoleInvalidFormat: row(
    "ChatAPIToolRoleInvalidFormat",
    "A tool message in a chat prompt has no tool_call_id.",
    "Write `tool_call_id:`, the id, `content:` and the content under the `tool:` line.",
  ),
  InvalidPrompty: {
    actor: "author",
    status: 400,
    meaning: "A .prompty file can not be read.",
    remedy: "Give it a YAML head between two lines of `---`, and a template below; mend what the message names.",
    chain: "UserError",
  },
  InvalidModelConnection: {
    actor: "author",
    status: 400,
    meaning: "A prompty's model has both a connection and settings of its own.",
    remedy: "Name the connection, or write the settings that the message's details list; not both.",
    chain: "UserError/CoreError/InvalidConnectionError",
  },
  UnknownConnectionType: {
    actor: "author",
    status: 400,
    meaning: "A prompty's model is of a type that prompties cannot use.",
    remedy: "Write `type: azure_openai` or `type: openai`.",
    chain: "UserError/UnknownConnectionType",
  },
  InvalidSampleError: {
    actor: "author",
    status: 400,
    meaning: "The sample of a prompty is no mapping and no JSON file that is there.",
    remedy: "Write the sample as a mapping, or name a .json file beside the prompty.",
    chain: "UserError/CoreError/InvalidSampleError",
  },
  MissingRequiredInputError: {
    actor: "caller",
    status: 400,
    meaning: "A prompty was called without an input that has no default.",
    remedy: "Send the inputs that the message names.",
    chain: "UserError/CoreError/MissingRequiredInputError",
  },
} satisfies Record<string, ErrorRow>;
