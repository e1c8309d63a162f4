"""Loads a node's file and tells the signature of its tool in the original's terms."""

import enum
import importlib.util
import inspect
import os
import sys
import typing

from promptflow import connections
from promptflow._tool import is_tool, settings_of
from promptflow.contracts.multimedia import Image
from promptflow.contracts.types import AssistantDefinition, FilePath, PromptTemplate, Secret
from promptflow.core import ToolProvider

from .failure import ToolFault, missing_package

MODULE = "__pf_main__"
_VALUE_TYPES = {
    int: "int",
    float: "double",
    bool: "bool",
    str: "string",
    list: "list",
    Secret: "secret",
    PromptTemplate: "prompt_template",
    FilePath: "file_path",
    Image: "image",
    AssistantDefinition: "assistant_definition",
}
_EMPTY = inspect.Parameter.empty


class Tool:
    """A loaded tool: how to call it, and its signature as a message."""

    def __init__(self, module, function, provider):
        self.module = module
        self.function = function
        self.provider = provider
        self.init_names = list(_init_parameters(provider)) if provider else []
        self.generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        self.asynchronous = inspect.iscoroutinefunction(function)
        self._instances = {}

    def bind(self, init):
        """The callable; a provider class is made once for equal init values."""
        if self.provider is None:
            return self.function
        key = repr(sorted(init.items()))
        if key not in self._instances:
            self._instances[key] = self.provider(**init)
        return getattr(self._instances[key], self.function.__name__)

    def parameters(self):
        """The inputs, those of the class first, each with the hints that its annotation may need."""
        parameters = inspect.signature(self.function).parameters
        init = _init_parameters(self.provider) if self.provider else {}
        twice = [name for name in init if name in parameters]
        if twice:
            name = self.function.__name__
            raise ToolFault(
                "BadFunctionInterface",
                "Parse interface for tool '%s' failed: (Exception) Duplicate inputs found from '%s' and \"__init__()\"!"
                % (name, name),
            )
        taken = [
            parameter
            for name, parameter in list(init.items()) + list(parameters.items())
            if name != "self" and parameter.kind not in (_EMPTY, parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        ]
        hints = hints_of(self.function)
        if self.provider:
            hints = {**hints_of(self.provider.__init__), **hints}
        return [(parameter, hints) for parameter in taken]

    @staticmethod
    def settle(items):
        """What a field of the result is once it was streamed: a later node may consume it."""
        return items

    def describe(self):
        return {
            "name": self.function.__qualname__ if self.provider else self.function.__name__,
            "function": self.function.__name__,
            "class_name": self.provider.__name__ if self.provider else None,
            "description": settings_of(self.function).get("description") or inspect.getdoc(self.function),
            "inputs": {parameter.name: input_of(parameter, hints) for parameter, hints in self.parameters()},
            "init": self.init_names,
            "generator": self.generator,
            "async": self.asynchronous,
        }


def load(directory, file):
    """The one tool of a node's file."""
    return _sole(tools_in(load_module(os.path.join(directory, file), MODULE)))


def load_module(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ToolFault(
            "PythonLoaderNotFound",
            "Failed to load python file '%s'. Please make sure it is a valid .py file." % path,
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Dataclasses look their module up by name while it is being made.
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ToolFault(
            "PythonLoadError",
            "Failed to load python module from file '%s': (%s) %s" % (path, type(error).__name__, error),
            missing_package(error),
        ) from error
    return module


def tools_in(module):
    """Its own functions, then the methods of its own classes, each by name."""
    functions = [
        Tool(module, value, None)
        for _, value in inspect.getmembers(module)
        if is_tool(value) and getattr(value, "__module__", "") == module.__name__
    ]
    methods = [
        tool
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, ToolProvider) and value.__module__ == module.__name__
        for tool in tools_of(module, value)
    ]
    return functions + methods


def tools_of(module, provider):
    return [Tool(module, method, provider) for _, method in inspect.getmembers(provider) if is_tool(method)]


def _sole(tools):
    if not tools:
        raise ToolFault(
            "NoToolDefined",
            "No tool found in the python script. "
            "Please make sure you have one and only one tool definition in your script.",
        )
    if len(tools) > 1:
        names = ", ".join(tool.function.__name__ for tool in tools)
        raise ToolFault(
            "MultipleToolsDefined",
            "Expected 1 but collected %d tools: %s. "
            "Please make sure you have one and only one tool definition in your script." % (len(tools), names),
        )
    return tools[0]


def _init_parameters(provider):
    parameters = dict(inspect.signature(provider.__init__).parameters)
    return {
        name: parameter
        for name, parameter in parameters.items()
        if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


def hints_of(function):
    try:
        return typing.get_type_hints(function)
    except Exception:  # An annotation that cannot be evaluated is as good as none.
        return {}


def input_of(parameter, hints):
    annotation = parameter.annotation
    if isinstance(annotation, str):
        annotation = _connection_of(hints.get(parameter.name))
    options = _options(annotation)
    default = parameter.default
    definition = {"type": ["object"], "has_default": default is not _EMPTY}
    if annotation is _EMPTY and default is not _EMPTY:
        options = [type(default)]
    if options and all(_is_connection(option) for option in options):
        custom = [option.__name__ for option in options if issubclass(option, connections.CustomStrongTypeConnection)]
        names = ["CustomConnection" if option.__name__ in custom else option.__name__ for option in options]
        definition["type"] = list(dict.fromkeys(names))
        if custom:
            definition["custom_type"] = custom
    elif len(options) == 1:
        (kind,) = options
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            definition["type"] = ["string"]
            definition["enum"] = [str(option.value) for option in kind]
        else:
            try:
                definition["type"] = [_VALUE_TYPES.get(kind, "object")]
            except TypeError:  # An annotation that is not hashable.
                pass
    if default is not _EMPTY:
        if isinstance(default, enum.Enum):
            default = default.value
        definition["default"] = default if type(default) in (str, int, float, bool, type(None)) else str(default)
    return definition


def _connection_of(annotation):
    """What an annotation that is written as text says: a connection; any other leaves a value as it is, as in the original."""
    return annotation if all(_is_connection(option) for option in _options(annotation)) else object


def value_type(annotation):
    try:
        return _VALUE_TYPES.get(annotation, "object")
    except TypeError:  # An annotation that is not hashable.
        return "object"


def _options(annotation):
    """The types of an annotation: several for a Union of connections, Optional[X] counts as X.

    `X | None` of something else than a connection is any value, as the original has it.
    """
    if annotation is _EMPTY:
        return []
    optional = typing.get_origin(annotation) is typing.Union
    if optional or type(annotation).__name__ == "UnionType":
        options = [option for option in typing.get_args(annotation) if option is not type(None)]
        single = optional and len(options) == 1
        return options if single or all(_is_connection(option) for option in options) else [object]
    return [annotation]


def _is_connection(kind):
    return isinstance(kind, type) and issubclass(kind, connections.Connection)
