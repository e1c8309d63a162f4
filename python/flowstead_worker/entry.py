"""The entry of a flow.flex.yaml: a function, or an object of a class with `__call__`."""

import collections.abc
import dataclasses
import importlib
import inspect
import typing

from promptflow.connections import Connection
from promptflow.contracts.types import AttrDict
from promptflow.core._connection import find_connection
from promptflow.core._model_configuration import ModelConfiguration

from .failure import ToolFault, missing_package
from .signature import hints_of, input_of, value_type

_BARE = (str, int, float, bool, list, bytes)


class Entry:
    """As a tool: what is called, and its signature as a message."""

    provider = None
    init_names = ()

    def __init__(self, module, name, function, aggregate):
        self.module = module
        self.function = function
        self.name = name
        self.aggregate = aggregate
        self.generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        self.asynchronous = inspect.iscoroutinefunction(function)

    def bind(self, _init):
        function = self.function
        if self.asynchronous:

            async def run_async(**arguments):
                return _plain(await function(**arguments))

            return run_async
        return lambda **arguments: _plain(function(**arguments))

    @staticmethod
    def settle(items):
        """What a field of the result is once it was streamed: text, as the lines of a run are kept."""
        return str(items)

    def describe(self):
        parameters = inspect.signature(self.function).parameters.values()
        named = [one for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
        hints = hints_of(self.function)
        fields = _fields(hints.get("return"))
        return {
            "name": self.name,
            "function": getattr(self.function, "__qualname__", None) or type(self.function).__name__,
            "class_name": None,
            "description": inspect.getdoc(self.function),
            "inputs": {one.name: input_of(one, hints) for one in named},
            "init": [],
            "generator": self.generator,
            "async": self.asynchronous,
            "accepts_any": any(one.kind == one.VAR_KEYWORD for one in parameters),
            "outputs": None if fields is None else {name: value_type(kind) for name, kind in fields.items()},
            "bare": self.generator or _is_bare(hints.get("return")),
            "aggregate": self.aggregate is not None,
        }


class Aggregation:
    """`__aggregate__` of an entry's object; it sees the results of the lines as dicts with attributes, as in the original."""

    provider = None
    init_names = ()
    generator = False

    def __init__(self, entry):
        self.module = entry.module
        self.function = entry.aggregate
        self.asynchronous = inspect.iscoroutinefunction(entry.aggregate)

    def bind(self, _init):
        return lambda line_results: self.function([_with_attributes(result) for result in line_results])


def _with_attributes(result):
    plain = _plain(result)
    return AttrDict(plain) if isinstance(plain, dict) else plain


def load_entry(entry, init, connections):
    """Imports `module:name`; a class is made once with the init values.

    `connections` are the fields of those that model configurations among the values name, by the value's name.
    """
    module_name, _, name = entry.partition(":")
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ToolFault(
            "PythonLoadError",
            "Failed to load python module '%s' of the entry '%s': (%s) %s"
            % (module_name, entry, type(error).__name__, error),
            missing_package(error),
        ) from error
    target = getattr(module, name, None)
    if inspect.isclass(target):
        return _instance(module, name, target, init, connections)
    if not callable(target):
        raise ToolFault(
            "PythonLoadError",
            "Failed to load python function '%s' from file '%s', got %s." % (name, module_name, target),
        )
    return Entry(module, name, target, None)


def _instance(module, name, kind, init, connections):
    if "__call__" not in dir(kind):
        raise ToolFault("PythonLoadError", "Python class entry '%s' does not have __call__ method." % name)
    try:
        instance = kind(**_configured(kind, init, connections))
    except BaseException as error:
        raise ToolFault(
            "FlowEntryInitializationError",
            "Failed to initialize flow entry with '%s', ex:'%s." % (init or "{}", error),
        ) from error
    aggregate = getattr(instance, "__aggregate__", None)
    if aggregate is not None and len(inspect.signature(aggregate).parameters) != 1:
        raise ToolFault(
            "InvalidAggregationFunction",
            "The __aggregate__ method of '%s' takes exactly one parameter, the results of the lines." % name,
        )
    return Entry(module, name, instance.__call__, aggregate)


def _configured(kind, init, connections):
    """Dicts for parameters that are model configurations become these, names for connections the connections."""
    hints = hints_of(kind.__init__)
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        base = parameter.annotation
        is_made = inspect.isclass(base) and issubclass(base, (Connection, ModelConfiguration))
        if is_made and name not in init and parameter.default is parameter.empty:
            raise KeyError(name)
    values = dict(init)
    for name, value in init.items():
        declared = hints.get(name)
        options = [declared, *typing.get_args(declared)]
        found = [one for one in options if inspect.isclass(one) and issubclass(one, ModelConfiguration)]
        # Where it is one type of several, a value that is not of it may be of another.
        fit = [one for one in found if one is declared or isinstance(value, dict) and set(value) <= _names(one)]
        if fit:
            values[name] = _model_configuration(fit[0], value, connections.get(name, {}))
        elif isinstance(value, str) and any(inspect.isclass(one) and issubclass(one, Connection) for one in options):
            values[name] = find_connection(value)
    return values


def _model_configuration(kind, value, connection):
    if not isinstance(value, dict):
        raise TypeError("Model config value is not an instance of %s, got %s" % (kind, type(value)))
    configuration = kind(**value)
    # Beside its name, which the original leaves out: calls through the connection go to the engine.
    for name in _names(kind) & set(connection):
        if getattr(configuration, name) is None:
            setattr(configuration, name, connection[name])
    return configuration


def _names(kind):
    return {field.name for field in dataclasses.fields(kind)}


def _plain(result):
    """A dataclass as a dict."""
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    return result


def _fields(annotation):
    if dataclasses.is_dataclass(annotation):
        hints = hints_of(annotation)
        return {field.name: hints.get(field.name) for field in dataclasses.fields(annotation)}
    if inspect.isclass(annotation) and issubclass(annotation, dict) and hasattr(annotation, "__total__"):
        return hints_of(annotation)
    return None


def _is_bare(annotation):
    kind = typing.get_origin(annotation) or annotation
    return inspect.isclass(kind) and issubclass(kind, (*_BARE, collections.abc.Iterator))


__all__ = ["Aggregation", "Entry", "load_entry"]
