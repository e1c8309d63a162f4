"""A value as a template sees it, where JSON does not say all of it: what prints, what it holds, what the template reads of it."""

import collections.abc
import enum

from promptflow.contracts.multimedia import PFBytes, Text

from .encode import is_exact, to_json
from .items import StreamedItems

DEPTH = 12
ITEMS = 10_000
_WRITTEN_IN_PYTHON = 1 << 9


def view_of(value, names, calls):
    """`names` and `calls` are the attributes, and among them the methods called without arguments, of the template."""
    return _view(value, {name for name in names if not name.startswith("_")}, set(calls), 0)


def _view(value, names, calls, depth):
    try:
        if is_exact(value):
            return {"v": value}
    except RecursionError:
        depth = DEPTH
    if isinstance(value, (PFBytes, Text, StreamedItems)):
        return {"v": to_json(value)}
    if depth >= DEPTH:
        return {"o": _shown(value)}

    def inner(item):
        return _view(item, names, calls, depth + 1)

    def pairs(value):
        return [[inner(key), inner(item)] for key, item in value.items()]

    kind = type(value)
    if kind is tuple:
        return {"t": [inner(item) for item in value]}
    for base in (list, dict, str, int, float):
        # A class of its own that prints as what it is.
        plain = str.__str__ if base is str else base.__repr__
        if isinstance(value, base) and not isinstance(value, enum.Enum) and _text(value, str) == _text(value, plain):
            if base is list:
                return {"l": [inner(item) for item in value]}
            return {"d": pairs(value)} if base is dict else {"v": to_json(value)}
    facts = _shown(value)
    if isinstance(value, (str, int, float)):
        facts["base"] = {"v": to_json(value.value if isinstance(value, enum.Enum) else value)}
    elif isinstance(value, collections.abc.Mapping):
        facts.update(length=len(value), entries=pairs(value))
    elif not isinstance(value, (type, collections.abc.Iterator)):
        facts.update(_items(value, inner))
    facts["attributes"], facts["results"] = _read(value, names, calls, inner)
    return {"o": facts}


def _shown(value):
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else "%s.%s" % (kind.__module__, kind.__name__)
    # Python's own messages say the module of a type that is written in C, and Jinja's that of every type.
    shown = kind.__name__ if kind.__flags__ & _WRITTEN_IN_PYTHON else name
    return {"type": shown, "name": name, "text": _text(value, str), "repr": _text(value, repr)}


def _text(value, function):
    try:
        return str(function(value))
    except Exception as error:
        return "<no text: %s>" % type(error).__name__


def _items(value, inner):
    try:
        length = len(value)
        if length > ITEMS or not isinstance(value, collections.abc.Iterable):
            return {"length": length}
        items = [inner(item) for item in value]
        return {"length": length, "items": items, "isIndexed": isinstance(value, (collections.abc.Sequence, bytearray))}
    except Exception:
        return {}


def _read(value, names, calls, inner):
    attributes, results = {}, {}
    for name in names:
        try:
            found = getattr(value, name)
        except AttributeError:
            continue
        except Exception as error:
            attributes[name] = _fault(error)
            continue
        if not callable(found):
            attributes[name] = inner(found)
        elif name in calls:
            try:
                results[name] = inner(found())
            except Exception as error:
                results[name] = _fault(error)
    return attributes, results


def _fault(error):
    return {"e": [type(error).__name__, str(error)]}
