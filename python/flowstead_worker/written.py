"""Literals of a flow's file, of the classes that the original's YAML library gives them: code can see their names."""

import base64
import collections.abc
import datetime


class SingleQuotedScalarString(str):
    pass


class DoubleQuotedScalarString(str):
    pass


class LiteralScalarString(str):
    pass


class FoldedScalarString(str):
    pass


class ScalarFloat(float):
    pass


_CLASSES = {
    "single": SingleQuotedScalarString,
    "double": DoubleQuotedScalarString,
    "literal": LiteralScalarString,
    "folded": FoldedScalarString,
    "float": ScalarFloat,
}


def as_written(value, style):
    """The value in the class of its style; with no such style, or no value for it, as it is."""
    kind = _CLASSES.get(style)
    return value if kind is None or value is None else kind(value)


class TimeStamp(datetime.datetime):
    """A time that is written with a `T` or a zone; it prints as it is written."""

    _separator = " "

    def __str__(self):
        return self.isoformat(self._separator)


class CommentedSet(collections.abc.MutableSet):
    """A set that keeps its order."""

    def __init__(self, items=()):
        self._items = dict.fromkeys(items)

    def __contains__(self, item):
        return item in self._items

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def add(self, item):
        self._items[item] = None

    def discard(self, item):
        self._items.pop(item, None)

    def __repr__(self):
        return "set(odict_keys(%r))" % list(self._items)


def literal(wire):
    """The value that `src/base/python-literal.ts` told."""
    ((kind, told), *_) = wire.items()
    if kind == "d":
        return {literal(key): literal(value) for key, value in told}
    if kind == "date":
        return datetime.date(*told)
    if kind == "time":
        return _time(told, wire)
    if kind == "b":
        return base64.b64decode(told)
    if kind == "v":
        return told
    return {"l": list, "t": tuple, "s": CommentedSet}[kind](literal(item) for item in told)


def _time(parts, wire):
    zone = None
    if wire["zone"] is not None:
        zone = datetime.timezone(datetime.timedelta(seconds=wire["offset"]), wire["zone"])
    if wire["type"] == "datetime":
        return datetime.datetime(*parts, tzinfo=zone)
    made = TimeStamp(*parts, tzinfo=zone)
    if wire["t"]:
        made._separator = "T"
    return made
