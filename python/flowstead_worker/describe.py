"""What a function or class of somebody's module takes and gives; it is imported, but neither made nor called."""

import importlib
import inspect

from .entry import Entry
from .signature import hints_of, input_of


def describe_entry(entry: str) -> dict:
    """`module:name` as inputs, init (None for a function) and outputs, in the terms of flow.flex.yaml."""
    module_name, _, name = entry.partition(":")
    module = importlib.import_module(module_name)
    target = getattr(module, name, None)
    if not callable(target):
        raise ValueError("%s has no function or class %s." % (module_name, name))
    if not inspect.isclass(target):
        return _described(module, name, target, None)
    if "__call__" not in dir(target):
        raise ValueError("The class %s has no __call__ method." % name)
    hints = hints_of(target.__init__)
    own = [one for one in inspect.signature(target.__init__).parameters.values() if one.name != "self"]
    init = {one.name: input_of(one, hints) for one in own if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)}
    return _described(module, name, target.__call__, init)


def _described(module, name, function, init):
    signature = Entry(module, name, function, None).describe()
    signature["inputs"].pop("self", None) if init is not None else None
    return {"inputs": signature["inputs"], "init": init, "outputs": signature["outputs"]}


__all__ = ["describe_entry"]
