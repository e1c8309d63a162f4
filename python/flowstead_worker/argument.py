"""The arguments of a call, made of its message."""

import os

from promptflow import connections
from promptflow.contracts.multimedia import load_images

from .assistant import assistant_of
from .written import as_written


def prepared(tool, message, worker):
    """What is called, and with what: references become the objects they stand for, names of connections connections,
    image dicts images, and definitions of assistants hold the functions that they name."""

    def converted(given):
        values = dict(given)
        for name, reference in (message.get("refs") or {}).items():
            if name in values:
                values[name] = worker.kept.resolve(reference)
        for name, style in (message.get("written") or {}).items():
            if name in values:
                values[name] = as_written(values[name], style)
        for name, connection in (message.get("connections") or {}).items():
            if name in values:
                values[name] = connections.from_message(connection, tool.module)
        for name, tools in (message.get("assistants") or {}).items():
            if name in values:
                values[name] = assistant_of(values[name], tools, lambda one: _function(one, worker))
        for name in message.get("images") or ():
            if name in values:
                contents = message.get("image_contents") or {}
                values[name] = load_images(values[name], os.getcwd(), message["image_format"], contents)
        return values

    return tool.bind(converted(message.get("init") or {})), converted(message["args"])


def _function(given, worker):
    """A function that an assistant may call: its tool, itself, and its inputs that are given beforehand."""
    tool = worker.tool(given["file"])
    inputs = dict(given["inputs"])
    for name, connection in given["connections"].items():
        inputs[name] = connections.from_message(connection, tool.module)
    init = {name: inputs.pop(name) for name in tool.init_names if name in inputs}
    return tool, tool.bind(init), inputs
