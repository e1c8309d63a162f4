import type { ErrorActor, ErrorRow } from "./row.ts";

const REQUEST = "UserError/ValidationError/InvalidFlowRequest";

function row(actor: ErrorActor, chain: string, meaning: string, remedy: string): ErrorRow {
  return { actor, status: chain.startsWith("SystemError") ? 500 : 400, meaning, remedy, chain };
}

/** What is wrong in a flow's files. */
const DEFINITION = {
  FlowNotFound: row("author", "UserError", "There is no flow in this folder.", "Name a folder with a flow.dag.yaml."),
  FlowDefinitionError: row(
    "author",
    "UserError/FlowDefinitionError",
    "flow.dag.yaml has a missing or wrong key.",
    "Mend the key at the line that the message names.",
  ),
  IncludeNotFound: row(
    "author",
    "UserError",
    "A path in `additional_includes` does not exist.",
    "Mend the path; it is relative to the flow's folder.",
  ),
  FlowNotSupported: row(
    "author",
    "UserError/NotSupported",
    "The flow uses something that this version does not run.",
    "Change the part that the message names.",
  ),
  KeyError: row(
    "author",
    "SystemError/KeyError",
    "A flow file lacks a key that it must have; the message is the key.",
    "Add the key at the line that `details` names.",
  ),
  ValueError: row(
    "author",
    "SystemError/ValueError",
    "An input, an output or a node of a flow has a type that there is not.",
    "Write a type of values (int, double, bool, string, list, object, image, file_path) or of nodes (llm, prompt, python, custom_llm, typescript); `details` names the place.",
  ),
  DuplicateNodeName: row(
    "author",
    `${REQUEST}/DuplicateNodeName`,
    "Two nodes have one name.",
    "Rename or remove one of them.",
  ),
  InputReferenceNotFound: row(
    "author",
    `${REQUEST}/InputReferenceNotFound`,
    "A node refers to a flow input that is not defined.",
    "Define the input or mend the reference.",
  ),
  NodeReferenceNotFound: row(
    "author",
    `${REQUEST}/NodeReferenceNotFound`,
    "A node refers to a node that is not there.",
    "Mend the name in the reference.",
  ),
  InvalidNodeReference: row(
    "author",
    `${REQUEST}/InvalidNodeReference`,
    "A node refers to a node that it may not depend on, such as an aggregation node.",
    "Mend the reference, or mark the node as aggregation.",
  ),
  NodeCircularDependency: row(
    "author",
    `${REQUEST}/NodeCircularDependency`,
    "Nodes wait for each other in a circle.",
    "Remove one of the references among the nodes named.",
  ),
  EmptyOutputReference: row(
    "author",
    `${REQUEST}/EmptyOutputReference`,
    "A flow output has no reference.",
    "Give the output a reference.",
  ),
  OutputReferenceNotFound: row(
    "author",
    `${REQUEST}/OutputReferenceNotFound`,
    "A flow output refers to a node or input that is not there.",
    "Mend the output's reference.",
  ),
  InputTypeMismatch: row(
    "author",
    "UserError/ValidationError/InputTypeMismatch",
    "An input of a tool's class refers to another value; it must be written in the flow.",
    "Write the value itself, or make it a parameter of the method.",
  ),
  MissingRequiredInputs: row(
    "author",
    "UserError/ValidationError/MissingRequiredInputs",
    "An input of a tool's class has no value and no default.",
    "Give the node the inputs that the message names.",
  ),
  InvalidAssistantTool: row(
    "author",
    "UserError/ValidationError/InvalidAssistantTool",
    "A tool of an assistant definition is malformed.",
    "Mend what the message names in the definition's file.",
  ),
  InvalidMessageFormatType: row(
    "author",
    "UserError/InvalidMessageFormatType",
    "`message_format` is neither basic nor openai-vision.",
    "Use one of the two.",
  ),
} satisfies Record<string, ErrorRow>;

/** What is wrong with the inputs of a call. */
const INPUT = {
  InputNotFound: row(
    "caller",
    `${REQUEST}/InputNotFound`,
    "A flow input has no value and no default.",
    "Give the input that the message names.",
  ),
  LLMError: row(
    "author",
    "UserError/LLMError",
    "A parameter of a language model's call cannot be made the number that it must be.",
    "Give the parameter that the message shows a number.",
  ),
  InputTypeError: row(
    "caller",
    `${REQUEST}/InputTypeError`,
    "A flow input's value does not fit its type.",
    "Change the value that the message names.",
  ),
  InputParseError: row(
    "caller",
    `${REQUEST}/InputParseError`,
    "A flow input is text that should be JSON and is not.",
    "Mend the JSON at the place that the message names.",
  ),
  InvalidImageInput: row(
    "caller",
    "UserError/ValidationError/InvalidImageInput",
    "An image value is malformed.",
    'Use {"data:image/png;base64": "..."} or the path or url form.',
  ),
  LoadMultimediaDataError: row(
    "caller",
    "UserError/LoadMultimediaDataError",
    "An image of a flow input cannot be loaded.",
    "Mend the image that the message names.",
  ),
  SingleNodeValidationError: row(
    "caller",
    "UserError/SingleNodeValidationError",
    "The one node to be run cannot be run alone.",
    "Mend what the message names.",
  ),
} satisfies Record<string, ErrorRow>;

/** What can go wrong while nodes run. */
const EXECUTION = {
  ToolExecutionError: row(
    "author",
    "UserError/ToolExecutionError",
    "The code of a node raised an error.",
    "Look at the traceback in `details`.",
  ),
  ToolCanceledError: row(
    "author",
    "UserError/ToolCanceledError",
    "The code of a node ended itself with CancelledError or KeyboardInterrupt.",
    "Catch what the code cancels inside the node.",
  ),
  ScriptExecutionError: row(
    "author",
    "UserError/ScriptExecutionError",
    "The code of a flex flow raised an error.",
    "Look at the traceback in `details`.",
  ),
  ToolRaisedError: row(
    "author",
    "UserError",
    "The code of a node raised one of the original's own exceptions.",
    "Look at the traceback in `details`.",
  ),
  UnsupportedReference: row(
    "author",
    "UserError/NodeReferenceError/UnsupportedReference",
    "A reference names a part of a node other than `output`.",
    "Write ${node.output} or ${node.output.property}.",
  ),
  InvalidReferenceProperty: row(
    "author",
    "UserError/NodeReferenceError/InvalidReferenceProperty",
    "A node's output has no such property.",
    "Mend the part of the reference after `output`.",
  ),
  FlowOutputUnserializable: row(
    "author",
    "UserError/FlowOutputUnserializable",
    "A flow output is a Python object that is no JSON.",
    "Return text, numbers, lists or dicts from the node.",
  ),
  InputNotFoundFromAncestorNodeOutput: row(
    "caller",
    "SystemError/InputNotFoundFromAncestorNodeOutput",
    "A node that is run alone needs the output of another node, and it was not given.",
    "Give the outputs of the nodes that it refers to.",
  ),
  LineExecutionTimeoutError: row(
    "author",
    "UserError/LineExecutionTimeoutError",
    "A run took longer than it may.",
    "Make the nodes faster or raise the time limit.",
  ),
  FunctionCallNotSupportedInStreamMode: row(
    "author",
    "UserError/ToolValidationError/FunctionCallNotSupportedInStreamMode",
    "An llm node with functions or tools was asked to stream.",
    "Remove `stream: true` from the node.",
  ),
  ChatAPIInvalidFunctions: row(
    "author",
    "UserError/ToolValidationError/ChatAPIInvalidFunctions",
    "`functions` or `function_call` of an llm node is malformed.",
    "Mend what the message names.",
  ),
  ChatAPIInvalidTools: row(
    "author",
    "UserError/ToolValidationError/ChatAPIInvalidTools",
    "`tools` or `tool_choice` of an llm node is malformed.",
    "Mend what the message names.",
  ),
  InvalidOutputKeyError: row(
    "author",
    "UserError/InvalidOutputKeyError",
    "The model's JSON lacks an output that the prompty declares.",
    "Say in the prompt which keys the answer must have.",
  ),
  FlowWithoutEmbedder: row(
    "operator",
    "UserError",
    "A node needs an embedding model and none is configured.",
    "Configure an embedder for the connection that the message names.",
  ),
} satisfies Record<string, ErrorRow>;

/** What can go wrong with the Python processes of a flow. */
const PYTHON = {
  PythonNotFound: {
    actor: "operator",
    status: 500,
    meaning: "The flow has Python nodes and no usable Python was found.",
    remedy: "Install Python 3.8 or newer, or configure the path of an interpreter.",
    chain: "SystemError/PythonNotFound",
  },
  PythonEnvironmentFailed: {
    actor: "author",
    status: 400,
    meaning: "A flow's own Python could not be made, or a package of its requirements not be installed.",
    remedy: "Mend what the message names: often a name or version in requirements.txt, or a missing python3-venv.",
    chain: "UserError/PythonEnvironmentFailed",
  },
  PackageIndexUnreachable: {
    actor: "operator",
    status: 503,
    meaning: "Packages of a flow's requirements are to be installed, and the package index cannot be reached.",
    remedy: "Connect the machine, name a mirror in PIP_INDEX_URL, or install from a folder with --find-links.",
    chain: "SystemError/PackageIndexUnreachable",
  },
  PythonWorkerCrashed: {
    actor: "author",
    status: 500,
    meaning: "A Python process ended while a node was running in it.",
    remedy:
      "Look at the end of its standard error in the message; memory exhaustion and native crashes are usual causes.",
    chain: "UserError/ProcessCrashError",
  },
  ScriptThreadCrashed: {
    actor: "author",
    status: 500,
    meaning: "The thread or process that ran a script ended while it was running.",
    remedy: "Look at the reason in the message; memory exhaustion and process.exit are usual causes.",
    chain: "UserError/ProcessCrashError",
  },
  PythonValueLost: {
    actor: "author",
    status: 500,
    meaning: "A Python object that a node returned is gone with its process.",
    remedy: "Run the flow again; return JSON values from nodes to be independent of processes.",
    chain: "SystemError/PythonValueLost",
  },
  UnsupportedPythonCall: {
    actor: "author",
    status: 400,
    meaning: "Code of a flow asks the engine for something that it has no answer to.",
    remedy: "Use what the message names instead.",
    chain: "UserError/UnsupportedPythonCall",
  },
} satisfies Record<string, ErrorRow>;

/** What can go wrong with connections. */
const CONNECTION = {
  ConnectionNotFound: row(
    "operator",
    "UserError/CoreError/ConnectionNotFound",
    "There is no connection of this name.",
    "Create it with `flowstead connection create --file FILE`, or name it in flowstead.yaml.",
  ),
  InvalidConnection: row(
    "operator",
    "UserError/CoreError/InvalidConnectionError",
    "A connection has a missing or wrong field.",
    "Mend the field that the message names.",
  ),
  EnvironmentVariableNotFound: row(
    "operator",
    "UserError",
    "A connection or flow refers to an environment variable that is not set.",
    "Set the variable that the message names.",
  ),
} satisfies Record<string, ErrorRow>;

export const FLOW_ERRORS = {
  ...DEFINITION,
  ...INPUT,
  ...EXECUTION,
  ...PYTHON,
  ...CONNECTION,
} satisfies Record<string, ErrorRow>;
