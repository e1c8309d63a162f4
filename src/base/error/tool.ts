import type { ErrorActor, ErrorRow } from "./row.ts";

const REQUEST = "UserError/ValidationError/InvalidFlowRequest";
const PARSING = "UserError/ToolValidationError/PythonParsingError";

function row(actor: ErrorActor, chain: string, meaning: string, remedy: string): ErrorRow {
  return { actor, status: chain.startsWith("SystemError") ? 500 : 400, meaning, remedy, chain };
}

/** What can go wrong while a node's tool is loaded. */
const LOADING = {
  ResolveToolError: row(
    "author",
    "SystemError/ResolveToolError",
    "The tool of a node cannot be loaded; the message names the node and the reason.",
    "Mend the reason that stands in parentheses.",
  ),
  NotImplementedError: row(
    "author",
    "SystemError/NotImplementedError",
    "A node has no type.",
    "Write `type: llm`, `prompt`, `python`, `custom_llm` or `typescript` at the node.",
  ),
  FailedToImportModule: row(
    "author",
    "UserError/FailedToImportModule",
    "A node names a module of the original's tools that there is not.",
    "Mend the node's `module`, or take it out: `provider` alone is enough.",
  ),
  UserErrorException: row(
    "author",
    "UserError",
    "A node of a flow has no source.",
    "Write `source: {type: code, path: FILE}` at the node.",
  ),
  InvalidSource: row(
    "author",
    "UserError/ValidationError/InvalidSource",
    "A node's source file is missing.",
    "Add the file or mend `source.path`.",
  ),
  NodeInputValidationError: row(
    "author",
    `${REQUEST}/NodeInputValidationError`,
    "A node's input does not fit its tool.",
    "Change the input that the message names.",
  ),
  InvalidConnectionType: row(
    "author",
    `${REQUEST}/InvalidConnectionType`,
    "A node names a connection of a type that its tool cannot use.",
    "Name a connection of a fitting type.",
  ),
  GetConnectionError: row(
    "operator",
    "UserError/ValidationError/InvalidRequest/GetConnectionError",
    "A connection that a node names cannot be had.",
    "Create the connection with `flowstead connection create`.",
  ),
  APINotFound: row(
    "author",
    "UserError/ValidationError/APINotFound",
    "`api` of an llm node is not one that its provider has.",
    "Write api: chat or api: completion.",
  ),
  PackageToolNotFoundError: row(
    "author",
    "UserError/ValidationError/PackageToolNotFoundError",
    "A node names a package tool that is not installed.",
    "Mend the tool id or install the package.",
  ),
  ToolLoadError: row(
    "author",
    "UserError/ToolLoadError",
    "A tool of an installed package fails when it is loaded.",
    "Mend the error in parentheses, or install another version of the package.",
  ),
  AttributeError: row(
    "author",
    "SystemError/AttributeError",
    "The module of a package tool has no function or class of the name that its package declares.",
    "Install another version of the package.",
  ),
  InvalidCustomLLMTool: row(
    "author",
    "UserError/ValidationError/InvalidCustomLLMTool",
    "A custom LLM tool has no parameter that takes the prompt.",
    "Annotate one parameter of the package's function as PromptTemplate.",
  ),
  ValueTypeUnresolved: row(
    "author",
    "UserError/ValidationError/ValueTypeUnresolved",
    "A tool's parameter has a type that is not known.",
    "Change the parameter's annotation.",
  ),
  NoToolDefined: row(
    "author",
    `${PARSING}/NoToolDefined`,
    "The file of a Python or script node defines no tool.",
    "Put `@tool` on one function; in a script, export one function.",
  ),
  MultipleToolsDefined: row(
    "author",
    `${PARSING}/MultipleToolsDefined`,
    "The file of a Python or script node defines more than one tool.",
    "Keep `@tool` on one function; in a script, export one, or make one the default export.",
  ),
  ToolValidationError: row(
    "author",
    "UserError/ToolValidationError",
    "The decorator of a Python tool says something about its inputs or icon that is not so.",
    "Mend the setting that the message names.",
  ),
  BadFunctionInterface: row(
    "author",
    `${PARSING}/BadFunctionInterface`,
    "A tool's signature cannot be read.",
    "Mend the annotation that the message names.",
  ),
  ScriptSyntaxError: row(
    "author",
    "UserError/ToolValidationError/ScriptSyntaxError",
    "A script of a TypeScript or JavaScript node cannot be parsed.",
    "Mend the script at the line that the message names.",
  ),
  PythonLoadError: row(
    "author",
    `${PARSING}/PythonLoadError`,
    "A Python node's file fails when it is imported.",
    "Mend the error in parentheses; a missing module must be installed for the interpreter that the flow uses.",
  ),
  InvalidFlexFlowEntry: row(
    "author",
    "UserError/ValidationError/InvalidFlexFlowEntry",
    "`entry` of a flow.flex.yaml is not <module>:<function>.",
    "Write the module, a colon and the name of a function or class in it.",
  ),
  FlowEntryInitializationError: row(
    "author",
    "UserError/FlowEntryInitializationError",
    "The class of a flex flow cannot be made.",
    "Mend what its __init__ raised, or the init values that it was given.",
  ),
  InvalidAggregationFunction: row(
    "author",
    "UserError/ValidationError/InvalidAggregationFunction",
    "`__aggregate__` of a flex flow's class has the wrong parameters.",
    "Give it exactly one parameter besides self.",
  ),
  JinjaParsingError: row(
    "author",
    "UserError/ToolValidationError/JinjaParsingError",
    "A template cannot be parsed.",
    "Mend the template at the line that the message names.",
  ),
  MetaFileNotFound: row(
    "author",
    "UserError/ToolValidationError/MetaFileNotFound",
    "A tool's file is missing.",
    "Add the file or mend its path.",
  ),
  MetaFileReadError: row(
    "author",
    "UserError/ToolValidationError/MetaFileReadError",
    "A tool's file cannot be read.",
    "Mend the path in `source.path`, or the file's permissions.",
  ),
  PythonLoaderNotFound: row(
    "author",
    "UserError/ToolValidationError/PythonLoaderNotFound",
    "A Python node's source is not a .py file.",
    "Name a .py file.",
  ),
} satisfies Record<string, ErrorRow>;

/** What can go wrong with the services that tools call. */
const SERVICE = {
  ServiceCallFailed: {
    actor: "upstream",
    status: 502,
    retryable: true,
    meaning: "A service that a tool calls did not answer.",
    remedy: "Check the address in the connection and that the service can be reached from here.",
    chain: "SystemError/ServiceCallFailed",
  },
  AzureContentSafetySystemError: row(
    "operator",
    "SystemError/AzureContentSafetySystemError",
    "The content safety service refused or failed.",
    "Look at the service's words in the message; check the connection's endpoint, key and api_version.",
  ),
  AzureContentSafetyInputValueError: row(
    "author",
    "UserError/AzureContentSafetyInputValueError",
    "A sensitivity of a content safety node is none, or the service does not know a category.",
    "Use disable, low_sensitivity, medium_sensitivity or high_sensitivity.",
  ),
  SerpAPISystemError: row(
    "upstream",
    "SystemError/SerpAPISystemError",
    "The web search failed.",
    "Ask again; if it recurs, look at the service's status.",
  ),
  SerpAPIUserError: row(
    "author",
    "UserError/SerpAPIUserError",
    "The web search was refused.",
    "Mend what the service's words in the message name, such as the key of the connection.",
  ),
  OpenModelLLMOnlineEndpointError: row(
    "upstream",
    "UserError/OpenModelLLMOnlineEndpointError",
    "The endpoint of an Open Model LLM node refused, failed or answered something else.",
    "Look at the endpoint's words in the message.",
  ),
  OpenModelLLMUserError: row(
    "author",
    "UserError/OpenModelLLMUserError",
    "An Open Model LLM node names an endpoint that cannot be used, or its prompt is malformed.",
    "Mend what the message names.",
  ),
  OpenModelLLMKeyValidationError: row(
    "author",
    "UserError/ToolValidationError/OpenModelLLMKeyValidationError",
    "The custom connection of an Open Model LLM node lacks a key.",
    "Give it the configs endpoint_url and model_family and the secret endpoint_api_key.",
  ),
} satisfies Record<string, ErrorRow>;

export const TOOL_ERRORS = { ...LOADING, ...SERVICE } satisfies Record<string, ErrorRow>;
