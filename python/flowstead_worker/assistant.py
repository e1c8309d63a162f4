"""Assistant definitions as node code gets them: with the functions of the flow that the assistant may call."""

import functools

from promptflow.contracts.types import AssistantDefinition
from promptflow.executor._assistant_tool_invoker import AssistantToolInvoker, ResolvedAssistantTool

from . import docstring
from .signature import input_of

_JSON_TYPES = {"int": "number", "double": "number", "bool": "boolean", "string": "string", "list": "array"}


def assistant_of(data, tools, functions):
    """An assistant. `functions` gives a tool's loaded form and its converted inputs that are given beforehand."""
    assistant = AssistantDefinition.deserialize(data)
    resolved = [
        _function(*functions(tool)) if "file" in tool else ResolvedAssistantTool(tool["type"], tool["definition"], None)
        for tool in tools
    ]
    assistant._tool_invoker = AssistantToolInvoker({tool.name: tool for tool in resolved})
    return assistant


def _function(tool, function, given):
    """A function that the model may call; what is given beforehand is not the model's business."""
    description, told = docstring.read(function.__doc__)
    properties, required = {}, []
    for parameter, hints in tool.parameters():
        name = parameter.name
        if name in given or name in tool.init_names:
            continue
        declared = input_of(parameter, hints)
        if declared.get("default") is None:
            required.append(name)
        properties[name] = {
            "type": _JSON_TYPES.get(declared["type"][0], "object"),
            "description": told.get(name, ""),
            **({"enum": declared["enum"]} if declared.get("enum") else {}),
        }
    definition = {
        "name": function.__name__,
        "description": description,
        "parameters": {"type": "object", "properties": properties, "required": required},
    }
    bound = functools.partial(function, **given) if given else function
    return ResolvedAssistantTool(function.__name__, {"type": "function", "function": definition}, bound)
